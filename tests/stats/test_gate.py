"""Gates are decided by intervals, and by nothing less."""

from __future__ import annotations

import math

import numpy as np
import pytest

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
    assert "needs 4 each" in judged.reason
    assert judge_level([None, None], "<", 0.9, lower_is_better=False).outcome == "undecided"


@pytest.mark.parametrize(
    ("paired", "alpha", "level", "needed"),
    # 2 / C(2 n, n) or 2 / 2^n below alpha for the first time.
    [(False, 0.05, "95 %", 4), (False, 0.01, "99 %", 5), (True, 0.05, "95 %", 6)],
)
def test_a_shift_without_an_interval_says_how_many_seeds_have_one(
    paired: bool, alpha: float, level: str, needed: int
) -> None:
    before, after = [0.90, 0.91, 0.92], [0.80, 0.82, 0.81]
    judged = judge_shift(before, after, "<", 0.0, lower_is_better=False, paired=paired, alpha=alpha)
    assert (judged.outcome, judged.interval, judged.n) == ("undecided", None, 3)
    assert judged.value == pytest.approx(-0.1)
    assert f"no interval at {level}: it needs {needed} each" in judged.reason


def test_the_level_that_is_not_said_is_five_per_cent() -> None:
    # 2 / C(7, 3) is 0.057.
    samples = [0.9, 0.91, 0.92], [0.1, 0.11, 0.12, 0.13]
    assert judge_shift(*samples, "<", 0.0, lower_is_better=False).interval is None
    assert judge_shift(*samples, "<", 0.0, lower_is_better=False, alpha=0.06).interval is not None
    t = judge_level(FOUR, "<", 0.9, lower_is_better=False, alpha=0.05)
    assert judge_level(FOUR, "<", 0.9, lower_is_better=False) == t


def test_three_seeds_against_three_cannot_fail_a_gate_however_far_apart() -> None:
    judged = judge_shift([0.9, 0.91, 0.92], [0.1, 0.11, 0.12], "<", 0.0, lower_is_better=False)
    assert judged.outcome == "undecided"
    assert "needs 4 each" in judged.reason


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
