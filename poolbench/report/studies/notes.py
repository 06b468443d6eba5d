"""The notes below a results table: what the signs mean, and the limits of the numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from poolbench.core.counted import counted
from poolbench.report.number_format import fixed, per_cent, probability
from poolbench.report.studies.comparison_cells import ABOUT_SUPERIORITY
from poolbench.report.studies.outcomes import Outcomes
from poolbench.report.studies.power import about_power
from poolbench.stats import Comparison, holm, seeds_needed
from poolbench.stats.binomial import binomial_error
from poolbench.stats.collapse import collapse_level
from poolbench.stats.costs import oriented
from poolbench.stats.pairing import pairing_of

_RULES = {
    "set": "step-down rank test",
    "paper": "Mann-Whitney against the best mean, uncorrected",
    "holm": "Mann-Whitney against the best mean, Holm",
}
_SIGNS = {"diverged": "† ", "missing": "‡ ", "collapsed": "§ "}


def notes_of(
    outcomes: Outcomes, source: Mapping[str, Any], seeds: Sequence[int]
) -> tuple[str, ...]:
    """Return the notes of a results table.

    Args:
        outcomes: The outcomes in the table.
        source: Where published numbers come from; empty if the table has none.
        seeds: The suite's seeds.
    """
    return (
        *_about_cells(outcomes),
        *about_comparison(outcomes.comparison, outcomes.shown),
        *_about_collapse(outcomes),
        *_about_pairing(outcomes.comparison),
        *about_power(outcomes, seeds),
        *_about_test_set(outcomes),
        *_about_source(source),
    )


def about_comparison(comparison: Comparison, shown: Collection[str]) -> Iterator[str]:
    """Say what bold and every sign of a comparison mean, with its caveats.

    Args:
        comparison: The comparison.
        shown: The variants that the table shows.
    """
    yield from about_selection(comparison, shown)
    yield from about_bold(comparison)
    yield from _about_contrasts(comparison)
    yield from about_caveats(comparison, shown)


def about_selection(comparison: Comparison, shown: Collection[str]) -> Iterator[str]:
    """Say that a table shows only some of the variants that were compared."""
    hidden = [name for name in comparison.values if name not in shown]
    if hidden:
        yield (
            f"every test is over all {counted(len(comparison.values), 'variant')} and seeds of the "
            f"suite, whatever --only shows; not shown: {', '.join(hidden)}"
        )


def about_bold(comparison: Comparison) -> Iterator[str]:
    """Say what bold means, and if some variants could not have been shown worse."""
    yield (
        f"* bold: not shown worse than the best (rule '{comparison.rule}': "
        f"{_RULES[comparison.rule]}; alpha = {comparison.alpha:g}, "
        f"{counted(len(comparison.values), 'variant')}); bold does not mean equal"
    )
    if comparison.decision.untested:
        yield "? too few seeds: no test of them could have shown a difference"


def about_caveats(
    comparison: Comparison, shown: Collection[str], *, without: Collection[str] = ()
) -> Iterator[str]:
    """Yield the caveats of a comparison that concern what a table shows.

    Args:
        comparison: The comparison.
        shown: The variants that the table shows; it also shows differences from the baseline.
        without: Codes of caveats that the table already states.
    """
    concerned = {*shown, comparison.baseline}
    for caveat in comparison.caveats:
        if caveat.code not in without and (
            not caveat.variants or concerned.intersection(caveat.variants)
        ):
            yield f"{_SIGNS.get(caveat.code, '')}{caveat.text}"


def _about_cells(outcomes: Outcomes) -> Iterator[str]:
    direction = "lower" if outcomes.comparison.lower_is_better else "higher"
    yield (
        f"{outcomes.metric}: mean ± standard deviation (ddof 1) over the n finished seeds, "
        f"{direction} is better"
    )


def _about_collapse(outcomes: Outcomes) -> Iterator[str]:
    if outcomes.classes is None:
        yield "collapsed runs are not counted: these runs do not tell their number of classes"
    elif any(outcomes.comparison.collapsed.values()):
        level = collapse_level(outcomes.classes)
        times = level * outcomes.classes
        yield (
            f"§ collapsed: accuracy below {per_cent(float(level))} %, {float(times):.3g} times "
            f"that of a guess among {outcomes.classes} classes"
        )


def _about_contrasts(comparison: Comparison) -> Iterator[str]:
    tested = [pair for pair in comparison.contrasts if pair.p is not None]
    if not tested:
        return
    size = tested[0].family_size
    chosen = (
        ", all pairs of variants, since the baseline was chosen with the results at hand"
        if comparison.is_baseline_chosen
        else ""
    )
    margin = comparison.margin
    equivalent = f", ≈ equivalent within ±{100 * margin:g} points" if margin else ""
    yield (
        f"points: Hodges-Lehmann shift against {comparison.baseline} with the interval of each "
        f"comparison alone; p: {tested[0].test}, Holm over "
        f"{counted(size, 'comparison')}{chosen}; ▲ better, ▼ worse{equivalent}"
    )
    yield ABOUT_SUPERIORITY
    family = comparison.family or comparison.contrasts
    known = [None if pair.p is None else pair.smallest_p for pair in family]
    floors = [p for p in holm([*known, *[None] * (size - len(known))]) if p is not None]
    needed = seeds_needed(comparison.alpha, size, paired=comparison.paired)
    yield (
        f"smallest p (Holm) these seeds can reach: {probability(min(floors))}; "
        f"below {comparison.alpha:g} needs {needed} seeds for each variant"
    )


def _about_pairing(comparison: Comparison) -> Iterator[str]:
    """Say how declared pairs vary together, and what pairing gained or lost."""
    if not comparison.paired:
        return
    costs, _ = oriented(comparison.values, lower_is_better=comparison.lower_is_better)
    found = [(a, b, pairing_of(costs[a], costs[b])) for a, b in comparison.declared]
    told = [
        f"{b} with {a} {fixed(p.correlation, 2, sign='+')} over {p.seeds} (x {fixed(p.width, 2)})"
        for a, b, p in found
        if not math.isnan(p.correlation)
    ]
    if told:
        yield (
            f"correlation over shared seeds: {', '.join(told)}; in brackets the spread of the "
            "differences by that of unpaired seeds: below 1 pairing gained, above 1 it lost"
        )


def _about_test_set(outcomes: Outcomes) -> Iterator[str]:
    finished = [
        run.result for runs in outcomes.runs.values() for run in runs if run.result.status == "ok"
    ]
    if not finished:
        return
    totals = sorted({result.total for result in finished})
    sizes = " to ".join(f"{total:,}" for total in (totals[0], totals[-1])[: len(totals)])
    share = sum(r.correct for r in finished) / sum(r.total for r in finished)
    error = binomial_error(share, totals[0])
    yield (
        f"for this test set: {sizes} images, whose choice alone has a binomial standard error of "
        f"{per_cent(error)} points at {per_cent(share)} % accuracy"
    )


def _about_source(source: Mapping[str, Any]) -> Iterator[str]:
    if source:
        yield "published: " + ", ".join(
            str(value) if key == "paper" else f"{key} {value}" for key, value in source.items()
        )
