"""The results table: one row per variant, with its tests and caveats."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.cells import optional
from poolbench.report.number_format import NOTHING, count, per_cent, points, probability
from poolbench.report.studies.comparison_cells import (
    contrast_cells,
    contrast_columns,
    count_cell,
    ranked_cell,
)
from poolbench.report.studies.differences import about_differences, published_document
from poolbench.report.studies.notes import notes_of
from poolbench.report.studies.outcomes import Outcomes, outcomes_of
from poolbench.report.studies.starts import about_weights
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import Comparison
from poolbench.stats.document import document
from poolbench.stats.estimate import constant_value

COMPARABLE, INCOMPARABLE = "comparable", "not comparable"
"""What a published number is; the second is shown in its place."""


@dataclass(frozen=True)
class _Part:
    """A group of columns, and the cells of a variant in them."""

    columns: tuple[Column, ...]
    cells: Callable[[str], tuple[TableCell, ...]]


def results_table(study: Study, dataset: str, runs: Mapping[str, Run]) -> Table:
    """Return the table of one data set.

    Args:
        study: The study, with its cells and analysis.
        dataset: One of ``study.datasets``.
        runs: Runs by cell id; a cell without one counts as missing.

    Returns:
        A row for each variant, in the suite's order. Its ``detail`` is the document of the
        comparison with ``dataset`` and ``metric``.

    Raises:
        BadInput: The data set or baseline is unknown, a seed is used twice, or an option is out of
            range.
    """
    outcomes = outcomes_of(study, dataset, runs)
    comparison = outcomes.comparison
    published = published_document(study, dataset)
    parts = [
        _outcome_part(outcomes),
        _contrast_part(comparison) if comparison.baseline else _rule_part(comparison),
        *([_published_part(comparison, published)] if published else []),
        _cost_part(outcomes),
    ]
    return Table(
        title=f"{study.heading} · {dataset} · test {outcomes.metric}",
        columns=tuple(column for part in parts for column in part.columns),
        rows=tuple(
            tuple(cell for part in parts for cell in part.cells(variant))
            for variant in outcomes.shown
        ),
        notes=(
            *notes_of(outcomes, study.source if published else {}, study.whole.seeds),
            *about_weights(study, dataset),
            *about_differences(study, dataset, is_compared=True),
        ),
        detail={
            **({"network": label} if (label := study.network) else {}),
            "dataset": dataset,
            "metric": outcomes.metric,
            **document(comparison),
            "published": published,
        },
    ).with_deviations(study.deviations)


def _outcome_part(outcomes: Outcomes) -> _Part:
    comparison, metric = outcomes.comparison, outcomes.metric
    fields = (f"{metric}_mean", f"{metric}_std", "in_best_set")
    return _Part(
        (
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="n", fields=("n", "n_diverged", "n_missing", "n_collapsed")),
            Column(title=f"{metric} %", fields=fields),
        ),
        lambda variant: (
            text_cell(variant), _count_cell(comparison, variant), ranked_cell(comparison, variant)
        ),
    )  # fmt: skip


def _count_cell(comparison: Comparison, variant: str) -> TableCell:
    """Return the number of seeds, also marked if some collapsed (§)."""
    cell, collapsed = count_cell(comparison, variant), comparison.collapsed[variant]
    return replace(
        cell, values=(*cell.values, collapsed), text=f"{cell.text}§" if collapsed else cell.text
    )


def _contrast_part(comparison: Comparison) -> _Part:
    return _Part(contrast_columns(comparison), lambda variant: contrast_cells(comparison, variant))


def _rule_part(comparison: Comparison) -> _Part:
    def cells(variant: str) -> tuple[TableCell, ...]:
        p = comparison.decision.p_values[variant]
        return (TableCell(values=(p,), text=probability(p)),)

    return _Part((Column(title=f"p ({comparison.rule})", fields=("p_rule",)),), cells)


def _published_part(comparison: Comparison, published: Mapping[str, Mapping[str, Any]]) -> _Part:
    """Return the source's numbers, and the gap to ours where that means something."""

    def cells(variant: str) -> tuple[TableCell, ...]:
        row = published.get(variant)
        if row is None:
            nothing = TableCell(values=(None,), text=NOTHING)
            return TableCell(values=(None, None, None), text=NOTHING), nothing
        mean, std = row["mean"], row["std"]
        if not row["comparable"]:
            return (
                TableCell(values=(mean, std, INCOMPARABLE), text=INCOMPARABLE),
                TableCell(values=(None,), text=NOTHING),
            )
        gap = comparison.estimates[variant].mean - mean
        return (
            TableCell(values=(mean, std, COMPARABLE), text=per_cent(mean, std)),
            TableCell(values=(gap,), text=points(gap)),
        )

    return _Part(
        (
            Column(title="published %", fields=("published_mean", "published_std", "published")),
            Column(title="ours − published, points", fields=("difference_from_published",)),
        ),
        cells,
    )


def _cost_part(outcomes: Outcomes) -> _Part:
    def cells(variant: str) -> tuple[TableCell, ...]:
        runs = outcomes.runs[variant]
        size = constant_value([run.result.parameters for run in runs])
        parameters = None if math.isnan(size) else size
        speeds = [run.images_per_s for run in runs if math.isfinite(run.images_per_s)]
        speed = statistics.median(speeds) if speeds else math.nan
        return (
            optional(parameters, count),
            TableCell(values=(speed,), text=count(speed)),
        )

    return _Part(
        (
            Column(title="parameters", fields=("parameters",)),
            Column(title="images/s", fields=("images_per_s",)),
        ),
        cells,
    )
