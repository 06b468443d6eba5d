"""Rules for "which rows of a column are bold": the variants not shown worse than the best.

===== ==========================================================================================
set    From all variants, drop the worst mean rank while a test of all that remain rejects.
       The truly best variant is lost in at most about alpha of columns, more often where spreads
       differ much; the default.
paper  Best mean, and all that a two-sided Mann-Whitney test against it does not show worse.
       Uncorrected: with six equal variants it loses one in a third of columns.
holm   As ``paper``, with Holm's correction over the k - 1 tests.
===== ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from poolbench.stats.costs import Costs, finite, present
from poolbench.stats.holm import holm
from poolbench.stats.rank_tests import mean_ranks, rank_test_of_all, rank_test_of_two


@dataclass(frozen=True, kw_only=True)
class Step:
    """One test of a rule.

    Args:
        tested: The variants compared.
        test: Name of the test.
        method: How p was computed.
        p: p as the rule used it, corrected if the rule corrects; ``None`` if no test exists.
        dropped: The variant it removed; empty for none.
    """

    tested: tuple[str, ...]
    test: str
    method: str
    p: float | None
    dropped: str = ""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The decision of a rule.

    Args:
        bold: Variants not shown worse than the best.
        best: The variant with the best mean, diverged runs counted as the column's worst value;
            empty if no run is finite.
        untested: Bold variants with too few runs to be shown worse, whatever their values.
        p_values: By variant, the p that dropped it or failed to.
        steps: The tests in the order of execution.
    """

    bold: frozenset[str]
    best: str
    untested: frozenset[str]
    p_values: Mapping[str, float | None]
    steps: tuple[Step, ...]


def step_down_set(costs: Mapping[str, Costs], alpha: float, *, paired: bool = False) -> Decision:
    """Drop the worst mean rank while a rank test of all that remain rejects.

    Args:
        costs: Costs of each variant.
        alpha: Significance level of every step, in (0, 1).
        paired: Whether seeds are blocks.

    Returns:
        The decision; its p-values are running maxima, so that ``p < alpha`` means "not bold".
        A variant with a single run cannot be shown worse and stays out of the tests.

    References:
        Hansen, Lunde, Nason 2011, "The model confidence set", of which this is a rank version.
    """
    entered = [name for name, sample in costs.items() if len(finite(sample))]
    left = [name for name in entered if len(present(costs[name])) > 1]
    single = frozenset(entered) - frozenset(left)
    best = best_mean(costs)
    p_values: dict[str, float | None] = dict.fromkeys(costs)
    steps: list[Step] = []
    untested = single if len(entered) > 1 else frozenset()
    running: float = 0.0
    while len(left) > 1:
        samples = [costs[name] for name in left]
        test = rank_test_of_all(samples, paired=paired)
        if test.p is None or test.smallest_p >= alpha:
            untested |= frozenset(left)
        rejected = test.p is not None and test.p < alpha
        ranked = zip(mean_ranks(samples, paired=paired), left, strict=True) if rejected else ()
        dropped = max(ranked)[1] if rejected else ""
        tested = tuple(left)
        steps.append(
            Step(tested=tested, test=test.name, method=test.method, p=test.p, dropped=dropped)
        )
        running = max(running, test.p or 0.0)
        if not dropped:
            p_values.update(dict.fromkeys(left, None if test.p is None else running))
            break
        p_values[dropped] = running
        left.remove(dropped)
    else:
        p_values.update(dict.fromkeys(left, 1.0 if steps else None))
    return Decision(
        bold=single.union(left),
        best=best,
        untested=untested,
        p_values=p_values,
        steps=tuple(steps),
    )


def as_published(costs: Mapping[str, Costs], alpha: float, *, paired: bool = False) -> Decision:
    """Un-bold every variant that an uncorrected test against the best mean shows worse."""
    return _against_best(costs, alpha, paired=paired, corrected=False)


def holm_against_best(
    costs: Mapping[str, Costs], alpha: float, *, paired: bool = False
) -> Decision:
    """Un-bold every variant shown worse than the best mean after Holm's correction."""
    return _against_best(costs, alpha, paired=paired, corrected=True)


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


def _against_best(
    costs: Mapping[str, Costs], alpha: float, *, paired: bool, corrected: bool
) -> Decision:
    best = best_mean(costs)
    others = [name for name, sample in costs.items() if name != best and len(finite(sample))]
    tests = [
        rank_test_of_two(costs[best], costs[name], paired=paired, trust_auto=not corrected)
        for name in others
    ]
    raw = [test.p for test in tests]
    floors = [None if test.p is None else test.smallest_p for test in tests]
    used, reachable = (holm(raw), holm(floors)) if corrected else (raw, floors)
    steps, bold, untested = [], {best} - {""}, set()
    for name, test, p, floor in zip(others, tests, used, reachable, strict=True):
        is_worse = p is not None and p < alpha and test.excess > 0
        steps.append(
            Step(
                tested=(best, name),
                test=test.name,
                method=test.method,
                p=p,
                dropped=name if is_worse else "",
            )
        )
        if not is_worse:
            bold.add(name)
            untested |= {name} if floor is None or floor >= alpha else set()
    if others and untested == set(others):
        untested.add(best)
    return Decision(
        bold=frozenset(bold),
        best=best,
        untested=frozenset(untested),
        p_values=dict.fromkeys(costs) | dict(zip(others, used, strict=True)),
        steps=tuple(steps),
    )


Rule = Callable[..., Decision]

RULES: Mapping[str, Rule] = {
    "set": step_down_set,
    "paper": as_published,
    "holm": holm_against_best,
}
