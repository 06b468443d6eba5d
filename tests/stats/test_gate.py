"""Gates are decided by intervals, and by nothing less."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from poolbench.core.gate import read_gate
from poolbench.stats.gate import judge_exact, judge_level, judge_shift

NAN = math.nan
# mean 0.93, standard deviation 0.01, n = 4: t(3) half width 3.182 x 0.005 = 0.0159.
FOUR = [0.92, 0.92, 0.94, 0.94]


@pytest.mark.parametrize(
    ("sign", "bound", "outcome"),
    [
        ("<", 0.90, "passes"),
        ("<", 0.92, "undecided"),
        ("<", 0.96, "fails"),
        (">", 0.90, "fails"),
        (">", 0.94, "undecided"),
        (">", 0.96, "passes"),
    ],
)
def test_a_level_fails_only_when_its_whole_interval_does(
    sign: str, bound: float, outcome: str
) -> None:
    judged = judge_level(FOUR, sign, bound, lower_is_better=False)
    assert judged.outcome == outcome
    assert judged.interval == pytest.approx((0.9116, 0.9484), abs=1e-4)
    assert bool(judged.reason) == (outcome == "undecided")


def test_a_wider_level_of_confidence_decides_less() -> None:
    assert judge_level(FOUR, "<", 0.955, lower_is_better=False, alpha=0.05).outcome == "fails"
    assert judge_level(FOUR, "<", 0.955, lower_is_better=False, alpha=0.01).outcome == "undecided"


def test_equality_at_the_end_of_an_interval_is_read_as_the_sign_says() -> None:
    assert judge_exact(100.0, ">", 100.0, 3).outcome == "passes"
    assert judge_exact(100.0, ">=", 100.0, 3).outcome == "fails"


def test_one_seed_decides_nothing() -> None:
    judged = judge_level([0.5], "<", 0.9, lower_is_better=False)
    assert (judged.outcome, judged.interval) == ("undecided", None)
    assert "2 seeds" in judged.reason
    judged = judge_shift([0.9], [0.1], "<", -0.1, lower_is_better=False)
    assert (judged.outcome, judged.interval) == ("undecided", None)
    assert "2 seeds each" in judged.reason
    assert judge_level([None, None], "<", 0.9, lower_is_better=False).outcome == "undecided"


def t_interval(values: list[float], confidence: float = 0.95) -> tuple[float, float]:
    found = stats.ttest_1samp(values, 0.0).confidence_interval(confidence)
    return float(found.low), float(found.high)


def welch(before: list[float], after: list[float], confidence: float = 0.95) -> tuple[float, float]:
    found = stats.ttest_ind(after, before, equal_var=False).confidence_interval(confidence)
    return float(found.low), float(found.high)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("lower", [False, True])
def test_seeds_too_few_for_ranks_are_judged_by_t_and_the_caveat_says_so(
    alpha: float, lower: bool
) -> None:
    before, after = [0.90, 0.91, 0.92], [0.80, 0.83, 0.81]
    judged = judge_shift(before, after, "<", 0.0, lower_is_better=lower, alpha=alpha)
    assert judged.interval == pytest.approx(welch(before, after, 1 - alpha))
    assert (judged.outcome, judged.n) == ("fails", 3)
    assert "Student's t alone" in judged.caveat
    paired = judge_shift(before, after, "<", 0.0, lower_is_better=lower, paired=True, alpha=alpha)
    gaps = [b - a for a, b in zip(before, after, strict=True)]
    assert paired.interval == pytest.approx(t_interval(gaps, 1 - alpha))
    assert "Student's t alone" in paired.caveat


def test_an_interval_spans_that_of_ranks_and_that_of_t() -> None:
    # An outlier widens t, which needs more than the ranks do; unequal spread and n widens t, too.
    before, after = [0.90, 0.91, 0.92, 0.93, 0.94], [0.80, 0.81, 0.82, 0.83, 0.30]
    judged = judge_shift(before, after, "<", 0.0, lower_is_better=False)
    # Of the 25 sorted differences the third to the third from the end: by any table of U.
    terms = sorted(b - a for a in before for b in after)
    ranks, t = (terms[2], terms[-3]), welch(before, after)
    assert ranks[0] < t[0]
    assert ranks[1] < 0 < t[1]
    assert judged.interval == pytest.approx((ranks[0], t[1]))
    assert (judged.outcome, judged.caveat) == ("undecided", "")
    # Four seeds of even spread: all sixteen differences for the ranks, less for t.
    even = judge_shift(FOUR, [v - 0.1 for v in FOUR], "<", 0.0, lower_is_better=False)
    reach = max(FOUR) - min(FOUR)
    assert even.interval == pytest.approx((-0.1 - reach, -0.1 + reach))


def test_a_level_is_that_of_the_mean_and_of_the_median() -> None:
    # Of six values the median lies between the least and the most with 1 - 2 / 64.
    six = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95]
    judged = judge_level(six, "<", 0.9, lower_is_better=False)
    assert judged.interval == pytest.approx((0.90, 0.95))
    assert judged.caveat == ""
    assert judge_level(six, "<", 0.901, lower_is_better=False).outcome == "undecided"
    five = judge_level(six[:5], "<", 0.9, lower_is_better=False)
    assert five.interval == pytest.approx(t_interval(six[:5]))
    assert "Student's t alone" in five.caveat
    # Of nine the median lies between the second and the eighth, whatever the outlier; t does not.
    nine = [*six, 0.96, 0.97, 0.2]
    assert judge_level(nine, "<", 0.9, lower_is_better=False).interval == pytest.approx(
        (t_interval(nine)[0], max(0.96, t_interval(nine)[1]))
    )


def test_the_level_that_is_not_said_is_five_per_cent() -> None:
    for judged in (judge_shift, judge_level):
        values = [0.90, 0.91, 0.93, 0.96]
        samples = [values, [v - 0.1 for v in values]] if judged is judge_shift else [values]
        plain, said, other = (
            judged(*samples, "<", 0.9, lower_is_better=False, **options)  # type: ignore[operator]
            for options in ({}, {"alpha": 0.05}, {"alpha": 0.3})
        )
        assert plain.interval == said.interval != other.interval


@pytest.mark.parametrize("points", [Fraction(7, 1000), Fraction(9, 1000), Fraction(22, 1000)])
def test_a_shift_that_ends_at_its_bound_does_not_meet_it(points: Fraction) -> None:
    before = [n / 1000 for n in (900, 905, 911, 917, 920, 926, 931)]
    after = [(round(1000 * v) - int(1000 * points)) / 1000 for v in before]
    text = f"accuracy < baseline - {float(100 * points):g}pp"
    gate = read_gate(text)
    judged = judge_shift(before, after, "<", gate.offset, lower_is_better=False, paired=True)
    assert judged.outcome == "passes"
    touched = judge_shift(before, after, "<=", gate.offset, lower_is_better=False, paired=True)
    assert touched.outcome == "fails"


@pytest.mark.parametrize("hundredths", [7, 14, 29, 55, 57, 58])
def test_a_level_is_exact_at_the_end_of_an_interval(hundredths: int) -> None:
    bound = read_gate(f"accuracy < {hundredths}%").offset
    values = [hundredths / 100] + [(hundredths + 3) / 100] * 5
    judged = judge_level(values, "<", bound, lower_is_better=False)
    # Student's interval reaches below, order statistics end at the bound itself.
    six = [hundredths / 100, *[hundredths / 100 + 0.0001 * k for k in range(1, 6)]]
    assert judge_level(six, ">=", six[0], lower_is_better=False).outcome == "fails"
    assert judged.outcome in ("passes", "undecided")
    ends = judge_level(values, "<", bound, lower_is_better=False).interval
    assert ends is not None
    assert (judged.outcome == "passes") == (ends[0] >= hundredths / 100 - 1e-12)


def test_why_a_paired_shift_has_no_interval() -> None:
    same = judge_shift(
        [0.9, 0.91, 0.92, 0.93, 0.94], [0.875, 0.885, 0.895, 0.905, 0.915], "<", 0.0,
        lower_is_better=False, paired=True,
    )  # fmt: skip
    assert (same.outcome, same.interval, same.n) == ("undecided", None, 5)
    assert "all 5 seeds differ by the same" in same.reason
    assert "6 seeds" in same.reason
    apart = judge_shift(
        [0.9, 0.91, None, None], [None, None, 0.92, 0.93], "<", 0.0,
        lower_is_better=False, paired=True,
    )  # fmt: skip
    assert (apart.n, apart.reason) == (0, "n = 0: an interval needs 2 seeds that both have")
    lost = judge_shift([0.9, math.nan], [0.8, 0.7], "<", 0.0, lower_is_better=False)
    assert "diverged" in lost.reason


def test_a_shift_is_candidate_minus_reference_in_the_metrics_unit() -> None:
    before, after = [0.90, 0.91, 0.92, 0.93], [0.80, 0.81, 0.82, 0.83]
    for sign, bound, outcome in (
        ("<", -0.05, "fails"),
        ("<", -0.10, "undecided"),
        ("<", -0.14, "passes"),
        (">", -0.05, "passes"),
    ):
        judged = judge_shift(before, after, sign, bound, lower_is_better=False)
        assert (judged.outcome, judged.value) == (outcome, pytest.approx(-0.1))
    # The error of the same runs: everything changes its side.
    errors = [[1 - value for value in sample] for sample in (before, after)]
    judged = judge_shift(*errors, ">", 0.05, lower_is_better=True)
    assert (judged.outcome, judged.value) == ("fails", pytest.approx(0.1))


def test_pairing_by_seed_decides_what_the_spread_between_seeds_would_hide() -> None:
    before = [0.70, 0.75, 0.80, 0.85, 0.90, 0.95]
    after = [value - 0.01 - 0.0001 * i for i, value in enumerate(before)]
    assert judge_shift(before, after, "<", -0.005, lower_is_better=False).outcome == "undecided"
    paired = judge_shift(before, after, "<", -0.005, lower_is_better=False, paired=True)
    assert paired.outcome == "fails"


def test_a_diverged_run_can_never_pass() -> None:
    judged = judge_level([*FOUR, NAN], "<", 0.5, lower_is_better=False)
    assert judged.outcome == "undecided"
    assert judged.interval is not None
    assert judged.interval[0] == -math.inf
    assert "diverged" in judged.reason
    assert judge_level([*FOUR, NAN], "<", 0.99, lower_is_better=False).outcome == "fails"
    assert judge_level([NAN, NAN], "<", 0.5, lower_is_better=False).outcome == "fails"
    assert judge_level([0.05, NAN], ">", 0.5, lower_is_better=True).outcome == "undecided"
    assert judge_level([NAN, NAN], ">", 0.5, lower_is_better=True).outcome == "fails"
    judged = judge_shift(FOUR, [NAN] * 4, "<", -0.5, lower_is_better=False)
    assert judged.outcome == "fails"


def test_identical_values_over_all_seeds_are_suspected_not_trusted() -> None:
    judged = judge_level([0.9] * 5, "<", 0.95, lower_is_better=False)
    assert judged.outcome == "undecided"
    assert "is the seed applied" in judged.reason
    judged = judge_shift([0.9] * 5, [0.8] * 5, "<", 0.0, lower_is_better=False)
    assert "is the seed applied" in judged.reason


def test_a_variant_of_identical_values_is_judged_against_one_that_varies() -> None:
    constant, varies = [0.9] * 5, [0.80, 0.81, 0.82, 0.83, 0.84, 0.85]
    for reference, candidate, outcome in (
        (constant, varies, "fails"),
        (varies, constant, "passes"),
    ):
        judged = judge_shift(reference, candidate, "<", 0.0, lower_is_better=False)
        assert (judged.outcome, judged.n) == (outcome, 5)


def test_two_seeds_decide_a_level_that_is_far_from_its_bound() -> None:
    # t(0.975; 1) = 12.706 in any table; the half width is that times 0.005.
    judged = judge_level([0.50, 0.51], "<", 0.9, lower_is_better=False)
    assert judged.outcome == "fails"
    assert judged.interval == pytest.approx((0.505 - 0.06353, 0.505 + 0.06353), abs=1e-5)


def test_one_run_beside_a_diverged_one_leaves_both_ends_open() -> None:
    for sign in ("<", ">"):
        judged = judge_level([0.95, NAN], sign, 0.9, lower_is_better=False)
        assert (judged.outcome, judged.interval) == ("undecided", (-math.inf, math.inf))


def test_a_count_that_no_run_tells_is_no_count_to_pass_with() -> None:
    for sign in ("<", "<=", ">", ">="):
        judged = judge_exact(NAN, sign, 100.0, 0)
        assert (judged.outcome, judged.interval, judged.n) == ("undecided", None, 0)
        assert judged.reason


def test_more_seeds_are_advised_where_they_help_and_not_where_a_run_diverged() -> None:
    narrow = judge_level(FOUR, "<", 0.92, lower_is_better=False)
    open_end = judge_level([*FOUR, NAN], "<", 0.92, lower_is_better=False)
    assert "more seeds" in narrow.reason
    assert "more seeds" not in open_end.reason


def test_a_gate_at_the_truth_fails_rarely() -> None:
    random = np.random.default_rng(0)
    draws = random.normal(0.9, 0.01, (400, 2, 6))
    levels = [judge_level(a, "<", 0.9, lower_is_better=False).outcome for a, _ in draws]
    shifts = [judge_shift(a, b, "<", 0.0, lower_is_better=False).outcome for a, b in draws]
    # Half of alpha is 10 of 400 on either side; five standard deviations are 16.
    for outcomes in (levels, shifts):
        assert outcomes.count("fails") <= 26
        assert outcomes.count("passes") <= 26
        assert outcomes.count("fails") + outcomes.count("passes") >= 4
