"""The results table: one row a variant, with what may and what may not be said of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping

from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.figures import NOTHING, count, per_cent, points, probability
from poolbench.report.notes import about_reductions, notes_of
from poolbench.report.outcomes import Outcomes, outcomes_of
from poolbench.report.table import Cell, Column, Table, words
from poolbench.stats import Comparison

_SIGNS = {"better": "▲", "worse": "▼", "equivalent": "≈", "no test possible": "?"}


def results_table(
    study: Study,
    dataset: str,
    runs: Mapping[str, Run],
    *,
    rule: str | None = None,
    alpha: float | None = None,
    baseline: str | None = None,
    margin: float | None = None,
) -> Table:
    """Return the table of one data set.

    Args:
        study: Which cells there should be, and how to read them.
        dataset: One of ``study.datasets``.
        runs: Cell id to run; a cell without one is counted as missing.
        rule: In place of the study's.
        alpha: In place of the study's.
        baseline: In place of the study's.
        margin: In place of the study's, in percentage points.

    Returns:
        A row for each variant, in the suite's order. Its ``detail`` is the document of the
        comparison with ``dataset`` and ``metric``.

    Raises:
        BadInput: An unknown data set or baseline, a seed used twice, or options out of range.
    """
    outcomes = outcomes_of(
        study, dataset, runs, rule=rule, alpha=alpha, baseline=baseline, margin=margin
    )
    comparison = outcomes.comparison
    published = study.analysis.published.get(dataset, {})
    rows = {name: [words(name), _runs_cell(comparison, name)] for name in comparison.values}
    columns = [
        Column(title="variant", fields=("variant",), is_text=True),
        Column(title="n", fields=("n", "n_diverged", "n_missing")),
        *_metric_column(outcomes, rows),
        *(
            _contrast_columns(comparison, rows)
            if comparison.baseline
            else _rule_column(comparison, rows)
        ),
        *(_published_columns(comparison, published, rows) if published else ()),
        *_cost_columns(outcomes, rows),
    ]
    return Table(
        title=f"{study.title} · {dataset} · test {outcomes.metric}",
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in rows.values()),
        notes=(
            *notes_of(outcomes, study.source if published else {}),
            *about_reductions(study, dataset, is_compared=bool(published)),
        ),
        detail={"dataset": dataset, "metric": outcomes.metric, **comparison.to_json()},
    )


Rows = Mapping[str, list[Cell]]


def _runs_cell(comparison: Comparison, name: str) -> Cell:
    e = comparison.estimates[name]
    signs = ("†" if e.n_diverged else "") + ("‡" if e.n_missing else "")
    text = f"{e.n}/{e.n_asked}{signs}" if signs else str(e.n)
    return Cell(values=(e.n, e.n_diverged, e.n_missing), text=text)


def _metric_column(outcomes: Outcomes, rows: Rows) -> tuple[Column, ...]:
    comparison, metric = outcomes.comparison, outcomes.metric
    for name, row in rows.items():
        e, is_bold = comparison.estimates[name], name in comparison.bold
        mark = ("*" if is_bold else "") + ("?" if name in comparison.decision.untested else "")
        row.append(
            Cell(
                values=(e.mean, e.std, is_bold),
                text=per_cent(e.mean, e.std),
                is_bold=is_bold,
                mark=mark,
            )
        )
    fields = (f"{metric}_mean", f"{metric}_std", "in_best_set")
    return (Column(title=f"{metric} %", fields=fields),)


def _contrast_columns(comparison: Comparison, rows: Rows) -> tuple[Column, ...]:
    contrasts = {pair.b: pair for pair in comparison.contrasts}
    for name, row in rows.items():
        if name not in contrasts:
            shift = Cell(values=(None, None, None), text="baseline")
            row += [shift, Cell(values=(None,), text=""), Cell(values=(None,), text="")]
            continue
        pair = contrasts[name]
        low, high = pair.shift_ci or (None, None)
        row += [
            Cell(values=(pair.shift, low, high), text=points(pair.shift, pair.shift_ci)),
            Cell(values=(pair.p_adjusted,), text=probability(pair.p_adjusted)),
            words(pair.verdict, mark=_SIGNS.get(pair.verdict, "")),
        ]
    level = f"{100 * (1 - comparison.alpha):g}"
    return (
        Column(
            title=f"vs {comparison.baseline}, points [{level} % interval]",
            fields=("shift", "shift_low", "shift_high"),
        ),
        Column(title="p (Holm)", fields=("p_adjusted",)),
        Column(title="verdict", fields=("verdict",), is_text=True),
    )


def _rule_column(comparison: Comparison, rows: Rows) -> tuple[Column, ...]:
    for name, row in rows.items():
        p = comparison.decision.p_values[name]
        row.append(Cell(values=(p,), text=probability(p)))
    return (Column(title=f"p ({comparison.rule})", fields=("p_rule",)),)


def _published_columns(
    comparison: Comparison, published: Mapping[str, tuple[float, float]], rows: Rows
) -> tuple[Column, ...]:
    for name, row in rows.items():
        if name not in published:
            row += [Cell(values=(None, None), text=NOTHING), Cell(values=(None,), text=NOTHING)]
            continue
        mean, std = (figure / 100 for figure in published[name])
        gap = comparison.estimates[name].mean - mean
        row += [
            Cell(values=(mean, std), text=per_cent(mean, std)),
            Cell(values=(gap,), text=points(gap)),
        ]
    return (
        Column(title="published %", fields=("published_mean", "published_std")),
        Column(title="ours − published, points", fields=("difference_from_published",)),
    )


def _cost_columns(outcomes: Outcomes, rows: Rows) -> tuple[Column, ...]:
    for name, row in rows.items():
        runs = outcomes.runs[name]
        parameters = runs[0].result.parameters if runs else None
        speeds = [run.images_per_s for run in runs if math.isfinite(run.images_per_s)]
        speed = statistics.median(speeds) if speeds else math.nan
        row += [
            Cell(values=(parameters,), text=NOTHING if parameters is None else count(parameters)),
            Cell(values=(speed,), text=count(speed)),
        ]
    return (
        Column(title="parameters", fields=("parameters",)),
        Column(title="images/s", fields=("images_per_s",)),
    )
