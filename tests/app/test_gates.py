"""A change that is none: bit for bit the same runs take no test, but two seeds at least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from poolbench.app.gates import Case, judge
from poolbench.app.seed_values import ConditionValues, SeedValues
from poolbench.core.comparability import Difference
from poolbench.core.gate import read_gate
from poolbench.core.study import Analysis
from poolbench.stats import Judgement

FIVE = (0.90, 0.91, 0.92, 0.93, 0.94)


def condition(values: Sequence[float | None], runs: str = "run") -> ConditionValues:
    """Return a variant's accuracies, one a seed; ``None`` for a cell that is not trained."""
    return ConditionValues(
        dataset="digits",
        variant="max",
        condition="c",
        seeds=tuple(
            SeedValues(
                seed=seed,
                run=f"{runs}-{seed}",
                status="missing" if value is None else "ok",
                values={} if value is None else {"accuracy": value},
            )
            for seed, value in enumerate(values)
        ),
        settings={},
    )


def judged(then: ConditionValues, now: ConditionValues) -> Judgement:
    """Return what is made of ``accuracy < baseline``, the baseline being how it was."""
    gate = read_gate("accuracy < baseline")
    (ruling,) = judge(
        [
            Case(
                gates=[gate],
                candidates=[now],
                counterpart=lambda _: (then, "then"),
                analysis=Analysis(),
            )
        ]
    )
    return ruling.judgement


def test_paired_seeds_are_judged_seed_by_seed() -> None:
    # Seeds scatter far more than they gain: only pairs show that each lost two points.
    before = condition([0.75, 0.8, 0.85, 0.9, 0.95, 0.775])
    now = condition([0.73, 0.785, 0.83, 0.875, 0.93, 0.76])
    gate = read_gate("accuracy < baseline - 0.5pp")
    outcomes = [
        judge(
            [
                Case(
                    gates=[gate],
                    candidates=[now],
                    counterpart=lambda _: (before, "then"),
                    analysis=Analysis(paired=paired),
                )
            ]
        )[0].judgement.outcome
        for paired in (False, True)
    ]
    assert outcomes == ["undecided", "fails"]


def test_gates_on_counts_take_no_share_of_the_level() -> None:
    level = read_gate("accuracy < 1%")
    size = read_gate("parameters > 10000000")
    case = Case(
        gates=[level, size],
        candidates=[condition(FIVE)],
        counterpart=lambda _: None,
        analysis=Analysis(),
    )
    assert {ruling.alpha for ruling in judge([case], familywise=True)} == {0.05}
    # Two studies are one family.
    assert {ruling.alpha for ruling in judge([case, case], familywise=True)} == {0.025}


def test_missing_runs_are_told_beside_an_outcome() -> None:
    seeds = condition(FIVE).seeds
    lacking = replace(
        condition(FIVE),
        seeds=(*seeds[:3], *(replace(s, status="missing", values={}) for s in seeds[3:])),
    )
    case = Case(
        gates=[read_gate("accuracy < 1%")],
        candidates=[lacking],
        counterpart=lambda _: None,
        analysis=Analysis(),
    )
    (ruling,) = judge([case])
    assert ruling.judgement.outcome == "passes"
    assert "2 of 5 runs are missing" in ruling.sentence


@pytest.mark.parametrize("n", [2, 5])
def test_the_same_runs_have_not_changed(n: int) -> None:
    same = judged(condition(FIVE[:n]), condition(FIVE[:n]))
    assert (same.outcome, same.interval, same.n) == ("passes", (0, 0), n)


def test_one_seed_is_no_evidence_though_it_is_the_same_run() -> None:
    same = judged(condition(FIVE[:1]), condition(FIVE[:1]))
    assert (same.outcome, same.interval) == ("undecided", None)


def test_runs_of_which_one_is_missing_are_not_all_the_same() -> None:
    missing = condition([*FIVE, None])
    assert judged(missing, missing).outcome == "undecided"


def test_a_changed_value_is_put_to_the_test_and_so_are_equal_values_of_other_runs() -> None:
    changed = judged(condition(FIVE), condition([*FIVE[:4], 0.95]))
    assert (changed.outcome, changed.n) == ("undecided", 5)
    assert judged(condition(FIVE), condition(FIVE, runs="other")).outcome == "undecided"


def test_a_number_of_other_runs_is_no_bound_that_could_fail_or_pass() -> None:
    gate = read_gate("accuracy < published")
    published = {"digits": {"max": (99.0, 0.1)}}
    shorter = Difference(
        dataset="digits", part="recipe", text="recipe.epochs 1 instead of 2", variants=("max",)
    )

    def judged_with(*differences: Difference) -> Judgement:
        analysis = Analysis(published=published, differences=differences)
        (ruling,) = judge(
            [
                Case(
                    gates=[gate],
                    candidates=[condition(FIVE)],
                    counterpart=lambda _: None,
                    analysis=analysis,
                )
            ]
        )
        return ruling.judgement

    assert judged_with().outcome == "fails"
    undecided = judged_with(shorter)
    assert undecided.outcome == "undecided"
    assert undecided.reason == (
        "the published number is not comparable: recipe.epochs 1 instead of 2"
    )
