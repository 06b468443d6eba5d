"""Results of probes as tables: first one number per variant, then every setting."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from poolbench.core.measurement import Measurement
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.number_format import NOTHING, per_cent
from poolbench.report.robustness.charts import robustness_charts
from poolbench.report.robustness.notes import notes_of_areas, notes_of_settings
from poolbench.report.robustness.sweeps import Sweep, sweeps_of
from poolbench.report.studies.comparison_cells import (
    SIGNS,
    contrast_cells,
    contrast_columns,
    count_cell,
    ranked_cell,
)
from poolbench.report.studies.pairs import planned_tables
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import Comparison, Pair, compare, estimate
from poolbench.stats.document import document
from poolbench.stats.pairwise import compare_pairs

__all__ = ["robustness_charts", "robustness_tables"]

ZERO_GRADIENTS = "zero_gradient_images"


def robustness_tables(
    study: Study, runs: Mapping[str, Run], measurements: Mapping[str, Sequence[Measurement]]
) -> list[Table]:
    """Return two tables for each data set and probe: areas under the curves, and every setting.

    The area is the one number compared by the study's rule; single settings only get Holm's
    correction over all of them.

    Args:
        study: The study, with its cells and analysis.
        runs: Runs by cell id; a cell without one is missing.
        measurements: Measurements by cell id.

    Raises:
        BadInput: Options of the analysis are out of range.
    """
    tables = []
    for sweep in sweeps_of(study.whole, runs, measurements):
        title = f"{study.heading} · {sweep.dataset} · {sweep.title}"
        if sweep.settings:
            areas = _compare_areas(study, sweep)
            tables += [
                _area_table(study, sweep, areas, title),
                *planned_tables(
                    areas,
                    study.cells_on(sweep.dataset),
                    metric="area",
                    title=f"{title} · area under the curve, planned comparisons",
                ),
                _settings_table(study, sweep, title),
            ]
        else:
            tables.append(_empty_table(study, sweep, title))
    return tables


def _compare_areas(study: Study, sweep: Sweep) -> Comparison:
    analysis = study.analysis
    return compare(
        {variant: sweep.areas(variant) for variant in sweep.outcomes},
        rule=analysis.rule,
        lower_is_better=False,
        baseline=study.baseline or None,
        alpha=analysis.alpha,
        paired=analysis.paired,
        margin=analysis.margin_share,
        planned=analysis.planned,
        is_baseline_chosen=analysis.is_baseline_chosen,
    )


def _area_table(study: Study, sweep: Sweep, comparison: Comparison, title: str) -> Table:
    shown = study.cells_on(sweep.dataset)
    zeros = {variant: _zero_gradients(sweep, variant) for variant in shown}
    has_zeros = any(share is not None for share in zeros.values())
    rows = []
    for variant in shown:
        row = [
            text_cell(variant),
            count_cell(comparison, variant),
            ranked_cell(comparison, variant),
        ]
        if comparison.baseline:
            row += contrast_cells(comparison, variant)
        row.append(_mean_cell(sweep.least(variant)))
        if has_zeros:
            row.append(_share_cell(zeros[variant]))
        rows.append(tuple(row))
    return Table(
        title=f"{title} · area under the curve",
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="n", fields=("n", "n_diverged", "n_missing")),
            Column(title="area %", fields=("area_mean", "area_std", "in_best_set")),
            *(contrast_columns(comparison) if comparison.baseline else ()),
            Column(title="least %", fields=("least_mean", "least_std", "n_least")),
            *((Column(title="zero gradients %", fields=(ZERO_GRADIENTS,)),) if has_zeros else ()),
        ),
        rows=tuple(rows),
        notes=tuple(notes_of_areas(study, sweep, comparison, zeros)),
        detail={
            "dataset": sweep.dataset,
            "probe": {"name": sweep.probe.name, "options": sweep.probe.options},
            "metric": "area under the accuracy curve",
            **document(comparison),
        },
    )


def _settings_table(study: Study, sweep: Sweep, title: str) -> Table:
    pairs, shown = _pairs_at_settings(study, sweep), study.cells_on(sweep.dataset)
    rows = []
    for at in sweep.settings:
        is_training_size = at == sweep.training_size
        label = TableCell(
            values=(at,), text=sweep.setting_text(at), mark="→" if is_training_size else ""
        )
        cells = [_setting_cell(sweep, variant, at, pairs.get((at, variant))) for variant in shown]
        rows.append((label, *cells))
    return Table(
        title=title,
        columns=(
            Column(
                title="size" if sweep.is_over_sizes else sweep.axis,
                fields=(sweep.axis,),
                is_text=True,
            ),
            *(
                Column(
                    title=f"{variant} %",
                    fields=tuple(
                        f"{variant}: {name}" for name in ("mean", "std", "n", "p_adjusted")
                    ),
                )
                for variant in shown
            ),
        ),
        rows=tuple(rows),
        notes=tuple(notes_of_settings(study, sweep, list(pairs.values()))),
    )


def _empty_table(study: Study, sweep: Sweep, title: str) -> Table:
    rows = []
    for variant in study.cells_on(sweep.dataset):
        reasons = dict.fromkeys(outcome.why_nothing for outcome in sweep.outcomes[variant])
        rows.append((text_cell(variant), text_cell("; ".join(reasons))))
    return Table(
        title=title,
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="why there is no result", fields=("reason",), is_text=True),
        ),
        rows=tuple(rows),
    )


def _pairs_at_settings(study: Study, sweep: Sweep) -> dict[tuple[float, str], Pair]:
    """Return each variant against the baseline at each setting: one family for Holm."""
    if not study.baseline:
        return {}
    others = [variant for variant in sweep.outcomes if variant != study.baseline]
    keys = [(at, variant) for at in sweep.settings for variant in others]
    values = {
        f"{at} {variant}": sweep.accuracies(variant, at)
        for at in sweep.settings
        for variant in sweep.outcomes
    }
    pairs = compare_pairs(
        [(f"{at} {study.baseline}", f"{at} {variant}") for at, variant in keys],
        values,
        lower_is_better=False,
        alpha=study.analysis.alpha,
        paired=study.analysis.paired,
    )
    return dict(zip(keys, pairs, strict=True))


def _zero_gradients(sweep: Sweep, variant: str) -> float | None:
    shares = [
        outcome.measurement.facts[ZERO_GRADIENTS]
        for outcome in sweep.outcomes[variant]
        if outcome.measurement is not None and ZERO_GRADIENTS in outcome.measurement.facts
    ]
    return statistics.fmean(shares) if shares else None


def _mean_cell(values: Sequence[float | None]) -> TableCell:
    e = estimate(values)
    text = per_cent(e.mean, e.std) + (f" ({e.n}/{e.n_asked})" if 0 < e.n < e.n_asked else "")
    return TableCell(values=(e.mean, e.std, e.n), text=text)


def _setting_cell(sweep: Sweep, variant: str, at: float, pair: Pair | None) -> TableCell:
    cell = _mean_cell(sweep.accuracies(variant, at))
    if sweep.is_not_applicable(variant, at):
        cell = replace(cell, text="n/a")
    if pair is None:
        return replace(cell, values=(*cell.values, None))
    mark = SIGNS[pair.verdict] if pair.verdict in ("better", "worse") else ""
    return replace(cell, values=(*cell.values, pair.p_adjusted), mark=mark)


def _share_cell(share: float | None) -> TableCell:
    text = NOTHING if share is None else per_cent(share)
    return TableCell(values=(math.nan if share is None else share,), text=text)
