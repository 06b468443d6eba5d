"""Runs as values of a metric, and their comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from poolbench.core.cell import Cell
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.record import Run
from poolbench.core.same_networks import (
    about_same_networks,
    about_single,
    same_networks,
    single_sites,
)
from poolbench.core.study import Analysis, Metric, Study
from poolbench.stats import Caveat, Comparison, compare
from poolbench.stats.collapse import collapse_level
from poolbench.stats.identical import about_identical

_PAIRED_TOO_LATE = Caveat(
    code="pairing-chosen",
    text="exploratory: seeds were paired after some of these runs had been trained without "
    "`test: paired`; a test that is chosen with the results at hand has no level",
)


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The results on one data set.

    Args:
        comparison: Comparison of all the suite's variants, in its order; values are fractions.
        shown: The variants to show, in the suite's order: fewer than all with ``--only``.
        runs: By variant, the runs that exist.
        metric: The metric of the values.
        classes: Number of classes of the data; ``None`` if no run tells it.
    """

    comparison: Comparison
    shown: tuple[str, ...]
    runs: Mapping[str, tuple[Run, ...]]
    metric: Metric
    classes: int | None


def outcomes_of(study: Study, dataset: str, runs: Mapping[str, Run]) -> Outcomes:
    """Compare the variants of a study's suite on one of its data sets.

    Args:
        study: The study, with its cells and analysis.
        dataset: One of ``study.datasets``.
        runs: Runs by cell id; a cell without one is missing.

    Returns:
        The comparison and the runs behind it.

    Raises:
        BadInput: The data set or baseline is unknown, a seed is used twice, or an option is out of
            range.
    """
    shown, study = tuple(study.cells_on(dataset)), study.whole
    conditions = study.cells_on(dataset)
    if not conditions:
        raise BadInput(
            f"the suite has no data set '{dataset}'", did_you_mean(dataset, study.datasets)
        )
    analysis = study.analysis
    kept = {
        name: tuple(runs[cell.id] for cell in cells if cell.id in runs)
        for name, cells in conditions.items()
    }
    classes = next(
        (run.result.classes for each in kept.values() for run in each if run.result.classes), None
    )
    by_seed = {
        name: [runs.get(cell.id) if cell else None for cell in _by_seed(study, name, cells)]
        for name, cells in conditions.items()
    }
    comparison = _compare_once(
        tuple(
            (name, tuple(None if run is None else run.result.value(analysis.metric) for run in row))
            for name, row in by_seed.items()
        ),
        rule=analysis.rule,
        alpha=analysis.alpha,
        lower_is_better=analysis.lower_is_better,
        baseline=study.baseline or None,
        paired=analysis.paired,
        margin=analysis.margin_share,
        planned=analysis.planned,
        is_baseline_chosen=analysis.is_baseline_chosen,
        collapse=None if classes is None else _collapse(analysis, classes),
    )
    predictions = {
        name: [None if run is None else run.predictions for run in row]
        for name, row in by_seed.items()
    }
    chosen = (_PAIRED_TOO_LATE,) if analysis.paired and analysis.is_pairing_chosen else ()
    caveats = (*chosen, *comparison.caveats, *_about_same(conditions, kept, predictions))
    return Outcomes(
        comparison=replace(comparison, caveats=caveats),
        shown=shown,
        runs=kept,
        metric=analysis.metric,
        classes=classes,
    )


@lru_cache(maxsize=64)  # a page asks for each condition's table, chart and sentences
def _compare_once(
    values: tuple[tuple[str, tuple[float | None, ...]], ...], **options: Any
) -> Comparison:
    return compare(dict(values), **options)


def _collapse(analysis: Analysis, classes: int) -> Fraction:
    """Return the value of the analysis' metric beyond which a run has collapsed."""
    level = collapse_level(classes)
    return 1 - level if analysis.lower_is_better else level


def _about_same(
    cells: Mapping[str, tuple[Cell, ...]],
    runs: Mapping[str, tuple[Run, ...]],
    predictions: Mapping[str, Sequence[str | None]],
) -> Iterator[Caveat]:
    """Name the sites where nothing is pooled, and the variants that cannot or do not differ."""
    pooled = {name: each[0].result.pooled or {} for name, each in runs.items() if each}
    first = {name: cells[name][0] for name in pooled}
    for network in dict.fromkeys(cell.model.network.name for cell in first.values()):
        single = {
            name: single_sites([pooled[name]])
            for name, cell in first.items()
            if cell.model.network.name == network
        }
        if sites := single_sites(pooled[name] for name in single):
            yield Caveat(
                code="single-element",
                text=about_single(sites, network),
                variants=tuple(name for name, each in single.items() if each),
            )
    groups = tuple(same_networks(first, pooled))
    for names in groups:
        text = f"{about_same_networks(names)} (`poolbench plan` shows the maps)"
        yield Caveat(code="same-network", text=text, variants=names)
    for caveat in about_identical(predictions):
        if not any(set(caveat.variants) <= set(names) for names in groups):
            yield caveat


def _by_seed(study: Study, variant: str, cells: tuple[Cell, ...]) -> list[Cell | None]:
    by_seed = {cell.seed: cell for cell in cells}
    if len(by_seed) < len(cells):
        raise BadInput(
            f"variant '{variant}' has a seed twice: {sorted(cell.seed for cell in cells)}",
            "a repeated seed is one result, not two; list each seed once",
        )
    return [by_seed.get(seed) for seed in study.seeds]
