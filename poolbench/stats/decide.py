"""A rule on the runs of a table: its questions are answered by the tests of these runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from poolbench.stats.costs import Costs, finite, present
from poolbench.stats.decision import Decision, Entrants
from poolbench.stats.rank_tests import RankTest, mean_ranks, rank_test_of_all
from poolbench.stats.rules import RULES


def decide(
    rule: str, costs: Mapping[str, Costs], alpha: float, *, paired: bool = False
) -> Decision:
    """Run a rule on the costs of a table.

    Args:
        rule: A key of ``RULES``.
        costs: Costs of each variant.
        alpha: Significance level of the rule, in (0, 1).
        paired: Whether seeds are blocks.
    """
    asking = RULES[rule](entrants_of(costs), alpha)
    try:
        question = next(asking)
        while True:
            question = asking.send(
                [
                    _test([costs[name] for name in group], question.trust_auto, paired=paired)
                    for group in question.groups
                ]
            )
    except StopIteration as stop:
        decision: Decision = stop.value
        return decision


def _test(samples: list[Costs], trust_auto: bool, *, paired: bool) -> RankTest:
    test = rank_test_of_all(samples, paired=paired, trust_auto=trust_auto)
    if test.p is None:
        return test
    return replace(test, mean_ranks=tuple(mean_ranks(samples, paired=paired)))


def entrants_of(costs: Mapping[str, Costs]) -> Entrants:
    """Return which variants can be tested, and the best."""
    finished = tuple(name for name, sample in costs.items() if len(finite(sample)))
    return Entrants(
        names=tuple(costs),
        finished=finished,
        tested=tuple(name for name in finished if len(present(costs[name])) > 1),
        best=best_mean(costs),
    )


def best_mean(costs: Mapping[str, Costs]) -> str:
    """Return the variant of lowest mean cost, diverged runs at the column's worst finite cost.

    So a variant that diverged 29 times and was lucky once is not a candidate, but one that diverged
    twice in thirty can be.

    Returns:
        Its name; empty if no run is finite.
    """
    kept = {name: present(sample) for name, sample in costs.items() if len(finite(sample))}
    if not kept:
        return ""
    worst = max(float(np.max(finite(sample))) for sample in kept.values())
    return min(kept, key=lambda name: float(np.mean(np.minimum(kept[name], worst))))
