"""The notes below a results table: what the signs mean, and the limits of the numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from poolbench.core.counted import counted
from poolbench.core.study import Study
from poolbench.report.number_format import per_cent, probability
from poolbench.report.studies.outcomes import Outcomes
from poolbench.stats import Comparison, holm, seeds_needed
from poolbench.stats.binomial import binomial_error

_RULES = {
    "set": "step-down rank test",
    "paper": "Mann-Whitney against the best mean, uncorrected",
    "holm": "Mann-Whitney against the best mean, Holm",
}
_SIGNS = {"diverged": "† ", "missing": "‡ "}


def notes_of(outcomes: Outcomes, source: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the notes of a results table.

    Args:
        outcomes: The outcomes in the table.
        source: Where published numbers come from; empty if the table has none.
    """
    return (
        *_about_cells(outcomes),
        *about_comparison(outcomes.comparison),
        *_about_test_set(outcomes),
        *_about_source(source),
    )


def about_comparison(comparison: Comparison) -> Iterator[str]:
    """Say what bold and every sign of a comparison mean, with its caveats."""
    yield from about_bold(comparison)
    yield from _about_contrasts(comparison)
    yield from about_caveats(comparison)


def about_bold(comparison: Comparison) -> Iterator[str]:
    """Say what bold means, and if some variants could not have been shown worse."""
    yield (
        f"* bold: not shown worse than the best (rule '{comparison.rule}': "
        f"{_RULES[comparison.rule]}; alpha = {comparison.alpha:g}, "
        f"{len(comparison.values)} variants); bold does not mean equal"
    )
    if comparison.decision.untested:
        yield "? no test possible: these seeds could not have shown a difference"


def about_caveats(comparison: Comparison, *, without: Collection[str] = ()) -> Iterator[str]:
    """Yield the caveats of a comparison.

    Args:
        comparison: The comparison.
        without: Codes of caveats that the table already states.
    """
    for caveat in comparison.caveats:
        if caveat.code not in without:
            yield f"{_SIGNS.get(caveat.code, '')}{caveat.text}"


def about_reductions(study: Study, dataset: str, *, is_compared: bool) -> Iterator[str]:
    """Say that a table is based on less than its suite describes.

    Args:
        study: The study.
        dataset: Data set of the table.
        is_compared: Whether the table shows published numbers.
    """
    cells = [cell for cell in study.cells if cell.data.source.name == dataset]
    reductions = [f"profile '{study.profile}'"] if study.profile else []
    limits = sorted({cell.data.limit for cell in cells if cell.data.limit is not None})
    reductions += [f"at most {limit:,} images of each split" for limit in limits]
    if reductions:
        warning = ": not comparable with the published numbers" if is_compared else ""
        yield f"reduced: {', '.join(reductions)}{warning}"


def _about_cells(outcomes: Outcomes) -> Iterator[str]:
    direction = "lower" if outcomes.comparison.lower_is_better else "higher"
    yield (
        f"{outcomes.metric}: mean ± standard deviation (ddof 1) over the n finished seeds, "
        f"{direction} is better"
    )


def _about_contrasts(comparison: Comparison) -> Iterator[str]:
    tested = [pair for pair in comparison.contrasts if pair.p is not None]
    if not tested:
        return
    margin = comparison.margin
    equivalent = f", ≈ equivalent within ±{100 * margin:g} points" if margin else ""
    yield (
        f"points: Hodges-Lehmann shift against {comparison.baseline} with the interval of each "
        f"comparison alone; p: {tested[0].test}, Holm over "
        f"{counted(len(tested), 'comparison')}; ▲ better, ▼ worse{equivalent}"
    )
    floors = holm([pair.smallest_p for pair in tested])
    needed = seeds_needed(comparison.alpha, len(tested), paired=comparison.paired)
    yield (
        f"smallest p (Holm) these seeds can reach: {probability(min(p for p in floors if p))}; "
        f"below {comparison.alpha:g} needs {needed} seeds for each variant"
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
