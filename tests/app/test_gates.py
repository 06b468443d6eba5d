"""A change that is none: bit for bit the same runs take no test, but two seeds at least."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from poolbench.app.gates import judge
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
    (ruling,) = judge([gate], [now], lambda _: (then, "then"), Analysis())
    return ruling.judgement


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
        (ruling,) = judge([gate], [condition(FIVE)], lambda _: None, analysis)
        return ruling.judgement

    assert judged_with().outcome == "fails"
    undecided = judged_with(shorter)
    assert undecided.outcome == "undecided"
    assert undecided.reason == (
        "the published number is not comparable: recipe.epochs 1 instead of 2"
    )
