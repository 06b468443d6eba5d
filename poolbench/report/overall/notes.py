"""The notes below the tables over conditions: what is counted, what is left out, what is tested."""

from __future__ import annotations

from collections.abc import Iterator

from poolbench.core.counted import counted
from poolbench.report.number_format import fixed, probability
from poolbench.report.overall.answer import overall_answer
from poolbench.report.overall.conditions import Conditions
from poolbench.report.studies.notes import about_selection
from poolbench.stats.overall import Overall
from poolbench.stats.rank_over_conditions import LEAST_RANKED


def notes_of_overall(conditions: Conditions) -> Iterator[str]:
    """Yield the notes of the table of variants."""
    overall = conditions.overall
    yield overall_answer(conditions)
    yield f"conditions: {', '.join(overall.comparable) or 'none'}"
    yield from about_incomparable(overall)
    yield from about_selection(overall.first, conditions.shown)
    yield from _about_ranks(overall)
    yield from _about_test(conditions)
    if overall.first.baseline:
        yield about_standings(overall)
        yield from _about_chances(overall)
    else:
        yield "no baseline, so no wins and losses; name one with --baseline"
    if conditions.collapsed:
        yield f"some runs collapsed in: {', '.join(conditions.collapsed)}"


def notes_of_shifts(conditions: Conditions) -> Iterator[str]:
    """Yield the notes of the table of shifts."""
    overall = conditions.overall
    baseline = overall.first.baseline
    yield (
        f"points: Hodges-Lehmann shift against {baseline} with the interval of each comparison "
        f"alone, as in the table of the condition; P(beats {baseline}): chance that a run of "
        f"the variant is better than one of {baseline}, ties counted half"
    )
    yield about_standings(overall)
    yield (
        "verdict: by the test of this condition, corrected over its own comparisons; nothing is "
        "corrected over conditions"
    )
    yield from about_incomparable(overall)


def about_incomparable(overall: Overall) -> Iterator[str]:
    """Say which conditions count in nothing, and why."""
    for name, reason in overall.incomparable.items():
        yield f"not comparable, and in none of these numbers: {name} ({reason})"


def about_standings(overall: Overall) -> str:
    """Say what a win, a tie and a loss are."""
    margin = overall.first.margin
    if margin:
        return (
            f"better, tied, worse: by the shift itself, whatever its interval; tied: within "
            f"±{100 * margin:g} points"
        )
    return (
        "better, tied, worse: by the shift itself, whatever its interval; tied only at zero, since "
        "no --margin is given"
    )


def _about_ranks(overall: Overall) -> Iterator[str]:
    if overall.mean_ranks:
        yield (
            "mean rank: 1 is best; in each condition variants are ranked by their mean over the "
            "seeds, ties share a rank, and a diverged run counts as the worst one"
        )


def _about_test(conditions: Conditions) -> Iterator[str]:
    overall, test = conditions.overall, conditions.overall.test
    if test is None:
        return
    k, n = len(overall.mean_ranks), len(overall.comparable)
    if test.critical_difference is None:
        yield f"p = {probability(test.p)}: exact {test.name} over {n} conditions, ties left out"
    else:
        yield (
            f"p = {probability(test.p)}: Friedman's test of {k} variants over {n} conditions; "
            f"* not shown to rank below the best: closer than the critical difference "
            f"{fixed(test.critical_difference, 2)} (Nemenyi, for all "
            f"{counted(k * (k - 1) // 2, 'pair')} together at alpha = {overall.first.alpha:g})"
        )
    if conditions.are_related:
        yield (
            "the test takes conditions for independent, which networks on one data set are not: "
            "its p may be too small"
        )


def _about_chances(overall: Overall) -> Iterator[str]:
    if len(overall.comparable) < LEAST_RANKED:
        return
    yield (
        f"P(beats {overall.first.baseline}): chance that a run of the variant is better than "
        f"one of {overall.first.baseline}, ties counted half, averaged over the conditions; its "
        "interval is over seeds, for these conditions, and says nothing of others"
    )
