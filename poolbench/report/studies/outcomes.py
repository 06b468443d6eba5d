"""Runs as values of a metric, and their comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolbench.core.cell import Cell
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.record import Run
from poolbench.core.study import Metric, Study
from poolbench.stats import Comparison, compare


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The results on one data set.

    Args:
        comparison: Comparison of the variants, in the suite's order; values are fractions.
        runs: By variant, the runs that exist.
        metric: The metric of the values.
    """

    comparison: Comparison
    runs: Mapping[str, tuple[Run, ...]]
    metric: Metric


def outcomes_of(study: Study, dataset: str, runs: Mapping[str, Run]) -> Outcomes:
    """Compare a study's variants on one of its data sets.

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
    conditions = study.cells_on(dataset)
    if not conditions:
        raise BadInput(
            f"the suite has no data set '{dataset}'", did_you_mean(dataset, study.datasets)
        )
    analysis = study.analysis
    comparison = compare(
        {
            name: [
                runs[cell.id].result.value(analysis.metric) if cell and cell.id in runs else None
                for cell in _by_seed(study, name, cells)
            ]
            for name, cells in conditions.items()
        },
        rule=analysis.rule,
        alpha=analysis.alpha,
        lower_is_better=analysis.lower_is_better,
        baseline=study.baseline or None,
        paired=analysis.paired,
        margin=analysis.margin_share,
    )
    kept = {
        name: tuple(runs[cell.id] for cell in cells if cell.id in runs)
        for name, cells in conditions.items()
    }
    return Outcomes(comparison=comparison, runs=kept, metric=analysis.metric)


def _by_seed(study: Study, variant: str, cells: tuple[Cell, ...]) -> list[Cell | None]:
    by_seed = {cell.seed: cell for cell in cells}
    if len(by_seed) < len(cells):
        raise BadInput(
            f"variant '{variant}' has a seed twice: {sorted(cell.seed for cell in cells)}",
            "a repeated seed is one result, not two; list each seed once",
        )
    return [by_seed.get(seed) for seed in study.seeds]
