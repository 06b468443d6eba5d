"""What conditions show together, in sentences that claim no more than the counts and the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from poolbench.core.counted import counted
from poolbench.report.number_format import fixed, probability
from poolbench.report.overall.conditions import Conditions
from poolbench.stats.overall import Overall
from poolbench.stats.rank_over_conditions import (
    LEAST_RANKED,
    LEAST_TESTED,
    RankTestOverConditions,
)

_MOST_LISTED = 6
"""With more variants than this, only those that are better or worse everywhere are named."""


def overall_answer(conditions: Conditions) -> str:
    """Return who ranks best, whether the test shows it, and the record against the baseline."""
    overall = conditions.overall
    n = len(overall.comparable)
    if n == 0:
        return "No condition has every run, so nothing can be said of all of them."
    sentences = [_about_ranks(overall, n)]
    if n >= LEAST_RANKED:
        sentences.append(_about_test(overall, n))
    sentences += _about_records(conditions, n)
    return " ".join(sentences)


def _about_ranks(overall: Overall, n: int) -> str:
    if n < LEAST_RANKED:
        return (
            f"Only {counted(n, 'comparable condition')}: too few to average ranks or probabilities "
            f"(at least {LEAST_RANKED}) or to test ranks (at least {LEAST_TESTED})."
        )
    best = min(overall.mean_ranks.values())
    leaders = [name for name, rank in overall.mean_ranks.items() if rank == best]
    have = "has" if len(leaders) == 1 else "share"
    return (
        f"Over {n} conditions {_listed(leaders)} {have} the best mean rank, {fixed(best, 2)} among "
        f"{len(overall.mean_ranks)} variants."
    )


def _about_test(overall: Overall, n: int) -> str:
    test = overall.test
    if test is None:
        return f"That is not tested: a test of ranks needs at least {LEAST_TESTED} conditions."
    if not test.is_decided:
        return f"{_named(test)} over the {n} conditions shows no difference (p = {_p(test)})."
    ranked = sorted(overall.mean_ranks, key=overall.mean_ranks.__getitem__)
    best, *others = ranked
    level = [name for name in others if not test.differ(best, name)]
    below = [name for name in others if test.differ(best, name)]
    start = f"{_named(test)} shows that ranks differ (p = {_p(test)})"
    if not below and test.groups and set(test.groups[0]) == set(ranked):
        return f"{start}, but no two variants differ by the critical difference."
    if not below:
        return f"{start}; no variant is shown to rank below {best}."
    alike = f"; not shown to rank below it: {_listed(level)}" if level else ""
    return f"{start}: {_listed(below)} below {best}{alike}."


def _about_records(conditions: Conditions, n: int) -> Iterator[str]:
    records = conditions.overall.records
    shown = {name: records[name] for name in conditions.shown if name in records}
    if len(shown) > _MOST_LISTED:
        parts = [
            f"in all {n} conditions {how}: {_listed(names)}"
            for how, names in (
                ("better", [name for name, each in shown.items() if each.wins == n]),
                ("worse", [name for name, each in shown.items() if each.losses == n]),
            )
            if names
        ]
    else:
        parts = [
            f"{name}: better in {each.wins}, worse in {each.losses}"
            + (f", tied in {each.ties}" if each.ties else "")
            for name, each in shown.items()
        ]
    if parts:
        baseline = conditions.overall.first.baseline
        yield f"By the shifts alone, against {baseline} - {'; '.join(parts)}."


def _named(test: RankTestOverConditions) -> str:
    return "Friedman's test" if test.name == "Friedman" else f"The {test.name}"


def _p(test: RankTestOverConditions) -> str:
    return probability(test.p)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
