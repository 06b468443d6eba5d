"""Counts of images divided by their number are compared as counts."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from poolbench.stats import compare as compare_values
from poolbench.stats.gate import judge_exact, judge_level, judge_shift
from poolbench.stats.scale import Scale, ratio_of

compare = partial(compare_values, lower_is_better=True)


@given(st.integers(1, 60_000), st.data())
def test_a_share_of_images_is_read_back_as_its_counts(total: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, total))
    assert ratio_of(correct / total) == Fraction(correct, total)


def test_a_decimal_is_read_as_it_is_written() -> None:
    assert [ratio_of(x) for x in (0.89, 5.2, -0.005)] == [
        Fraction(89, 100),
        Fraction(26, 5),
        Fraction(-1, 200),
    ]
    assert float(ratio_of(math.pi)) == math.pi


def test_values_that_share_no_unit_are_their_own_steps() -> None:
    measured = [math.pi, math.e, math.nan, None]
    scale = Scale(measured)
    assert (scale.unit, scale.steps(math.pi), scale.value(math.e)) == (1, math.pi, math.e)
    assert math.isnan(scale.steps(math.nan))
    assert scale.value(-math.inf) == -math.inf


@given(st.lists(st.integers(0, 500), min_size=2, max_size=9), st.sampled_from([360, 500, 10_000]))
def test_steps_are_whole_and_go_back_to_the_value(counts: list[int], total: int) -> None:
    values = [count / total for count in counts]
    scale = Scale(values)
    steps = [scale.steps(value) for value in values]
    assert all(step.is_integer() for step in steps)
    assert [scale.value(step) for step in steps] == values


@pytest.mark.parametrize("total", [360, 500, 1797, 10_000])
def test_a_difference_exactly_at_the_bound_meets_no_strict_condition(total: int) -> None:
    counts = [250, 251, 253, 256, 260, 265]
    before = [count / total for count in counts]
    after = [(count - 5) / total for count in counts]
    for sign, outcome in (("<", "passes"), ("<=", "fails")):
        judged = judge_shift(before, after, sign, -5 / total, lower_is_better=False, paired=True)
        assert (judged.outcome, judged.value) == (outcome, pytest.approx(-5 / total))


def test_an_interval_that_ends_at_the_bound_does_not_decide_a_gate() -> None:
    assert 445 / 500 - 450 / 500 < -0.01  # floats say so, and it is false
    counts = [450, 451, 452, 453, 454]
    before, after = ([(count - lost) / 500 for count in counts] for lost in (0, 8))
    judged = judge_shift(before, after, "<", -0.01, lower_is_better=False)
    assert (judged.outcome, judged.value, judged.interval) == ("undecided", -0.016, (-0.022, -0.01))


def test_a_level_is_compared_with_the_bound_and_not_with_a_float_near_it() -> None:
    assert judge_exact(0.9, "<", 0.1 + 0.8, 1).outcome == "passes"
    judged = judge_level([0.9, 0.9, 0.9 + 1 / 500], "<", 0.9, lower_is_better=False)
    assert judged.outcome == "undecided"


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([360, 1797]),
    st.lists(st.integers(-4, 4), min_size=4, max_size=8),
)
def test_paired_ties_in_counts_are_ties(total: int, gaps: list[int]) -> None:
    levels = np.random.default_rng(abs(hash(tuple(gaps))) % 1000).integers(200, 300, len(gaps))
    first = [int(level) / total for level in levels]
    second = [(int(level) + gap) / total for level, gap in zip(levels, gaps, strict=True)]
    pair = compare({"a": first, "b": second}, paired=True, baseline="a").pair("a", "b")
    moved = [gap for gap in gaps if gap]
    if not moved:
        assert pair.p == 1.0
        return
    ranks = [int(2 * rank) for rank in stats.rankdata(np.abs(moved))]
    sums = [
        sum(itertools.compress(ranks, signs))
        for signs in itertools.product((0, 1), repeat=len(ranks))
    ]
    seen = sum(rank for rank, gap in zip(ranks, moved, strict=True) if gap > 0)
    tails = (sum(s <= seen for s in sums), sum(s >= seen for s in sums))
    assert pair.p == pytest.approx(min(1.0, 2 * min(tails) / len(sums)), abs=1e-12)
