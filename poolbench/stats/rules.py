"""Rules for "which rows of a column are bold": the variants not shown worse than the best.

===== ==========================================================================================
set    From all variants, drop the worst mean rank while a test of all that remain rejects.
       The truly best variant is lost in at most about alpha of columns, more often where spreads
       differ much; the default.
paper  Best mean, and all that a two-sided Mann-Whitney test against it does not show worse.
       Uncorrected: with six equal variants it loses one in a third of columns.
holm   As ``paper``, with Holm's correction over the k - 1 tests.
===== ==========================================================================================

A rule asks for tests and decides from their results; who runs it answers. So the same rule decides
on the runs of a table (``stats.decide``) and on thousands of simulated ones (``stats.power``).
"""

from __future__ import annotations

from collections.abc import Mapping

from poolbench.stats.decision import Asking, Decision, Entrants, Question, Rule, Step
from poolbench.stats.holm import holm


def step_down_set(entrants: Entrants, alpha: float) -> Asking:
    """Drop the worst mean rank while a rank test of all that remain rejects.

    Args:
        entrants: The variants.
        alpha: Significance level of every step, in (0, 1).

    Returns:
        The decision; its p-values are running maxima, so that ``p < alpha`` means "not bold".
        A variant with a single run cannot be shown worse and stays out of the tests.

    References:
        Hansen, Lunde, Nason 2011, "The model confidence set", of which this is a rank version.
    """
    left = list(entrants.tested)
    single = frozenset(entrants.finished) - frozenset(left)
    p_values: dict[str, float | None] = dict.fromkeys(entrants.names)
    steps: list[Step] = []
    untested = single if len(entrants.finished) > 1 else frozenset()
    running: float = 0.0
    while len(left) > 1:
        tested = tuple(left)
        (test,) = yield Question(groups=(tested,))
        if test.p is None or test.smallest_p >= alpha:
            untested |= frozenset(left)
        rejected = test.p is not None and test.p < alpha
        dropped = max(zip(test.mean_ranks, left, strict=True))[1] if rejected else ""
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
        best=entrants.best,
        untested=untested,
        p_values=p_values,
        steps=tuple(steps),
    )


def as_published(entrants: Entrants, alpha: float) -> Asking:
    """Un-bold every variant that an uncorrected test against the best mean shows worse."""
    return _against_best(entrants, alpha, corrected=False)


def holm_against_best(entrants: Entrants, alpha: float) -> Asking:
    """Un-bold every variant shown worse than the best mean after Holm's correction."""
    return _against_best(entrants, alpha, corrected=True)


def _against_best(entrants: Entrants, alpha: float, *, corrected: bool) -> Asking:
    best = entrants.best
    others = [name for name in entrants.finished if name != best]
    groups = tuple((best, name) for name in others)
    tests = yield Question(groups=groups, is_corrected=corrected, trust_auto=not corrected)
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
        p_values=dict.fromkeys(entrants.names) | dict(zip(others, used, strict=True)),
        steps=tuple(steps),
    )


RULES: Mapping[str, Rule] = {
    "set": step_down_set,
    "paper": as_published,
    "holm": holm_against_best,
}
