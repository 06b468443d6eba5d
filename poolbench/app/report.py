"""Tables and charts of a study's results, and how to show them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from poolbench.report import FORMATS
from poolbench.report.chart import Chart
from poolbench.report.findings import Findings
from poolbench.report.table import Table

if TYPE_CHECKING:
    from poolbench.app.results import Results
    from poolbench.core.study import Study

__all__ = [
    "FORMATS", "Chart", "Table", "charts", "draw", "early_tables", "learning_charts",
    "measured_charts", "measured_tables", "named_apart", "outcome_charts", "outcome_tables",
    "overall_charts", "overall_tables", "print_to_terminal", "render", "tables",
]  # fmt: skip


def tables(results: Results) -> list[Table]:
    """Return every table with numbers: outcomes, conditions, images, probe results, early learning.

    Raises:
        NothingMatched: No cell is finished.
        BadInput: See :func:`early_tables`.
    """
    from poolbench.app.images import image_tables

    return [
        *outcome_tables(results),
        *overall_tables(results),
        *(image_tables(results) if results.with_images else ()),
        *measured_tables(results),
        *early_tables(results),
    ]


def outcome_tables(results: Results) -> list[Table]:
    """Return the results of each variant, a table per condition, and the pairs that were planned.

    Raises:
        NothingMatched: No cell is finished.
    """
    results.require_runs()
    return [table for part in results.parts for table in _outcome_tables(part)]


def _outcome_tables(results: Results) -> list[Table]:
    from poolbench.report.studies.outcomes import outcomes_of
    from poolbench.report.studies.pairs import planned_tables
    from poolbench.report.studies.results import results_table

    study = results.study
    made = []
    for dataset in study.datasets:
        made.append(results_table(study, dataset, results.runs))
        if not study.analysis.planned:
            continue
        outcomes = outcomes_of(study, dataset, results.runs)
        title = f"{study.heading} · {dataset} · planned comparisons, test {outcomes.metric}"
        made += planned_tables(
            outcomes.comparison, outcomes.shown, metric=outcomes.metric, title=title
        )
    return [table.with_notes(results.notes) for table in made]


def overall_tables(results: Results) -> list[Table]:
    """Return what several conditions show together; none of one condition or one variant."""
    from poolbench.report.overall.conditions import conditions_of
    from poolbench.report.overall.tables import overall_tables

    conditions = conditions_of(results.study, results.runs)
    return [] if conditions is None else overall_tables(conditions)


def measured_tables(results: Results) -> list[Table]:
    """Return the tables of the runs' measurements; none without measurements."""
    from poolbench.report.robustness.tables import robustness_tables

    if not results.measurements:
        return []
    made = [
        table
        for part in results.study.parts
        for table in robustness_tables(part, results.runs, results.measurements)
    ]
    return [table.with_notes(results.damaged_measurements) for table in made]


def early_tables(results: Results) -> list[Table]:
    """Return one table per condition of how soon variants reach the target; none without a target.

    Raises:
        BadInput: The target is not in (0, 1], or no run has a validation accuracy.
    """
    from poolbench.report.studies.learning import early_table

    study, target = results.study, results.target
    if target is None:
        return []
    return [
        early_table(part, dataset, results.runs, target)
        for part in study.parts
        for dataset in part.datasets
    ]


def charts(results: Results) -> list[Chart]:
    """Return every chart with numbers: outcomes, overall, learning, probe results."""
    return [
        *outcome_charts(results),
        *overall_charts(results),
        *learning_charts(results),
        *measured_charts(results),
    ]


def outcome_charts(results: Results) -> list[Chart]:
    """Return the charts of results: every seed, costs, an option that the variants differ in."""
    from poolbench.report.studies.by_option import option_charts
    from poolbench.report.studies.outcome_charts import outcome_charts

    runs = results.runs
    return _of_each_network(
        results.study, lambda part: [*outcome_charts(part, runs), *option_charts(part, runs)]
    )


def overall_charts(results: Results) -> list[Chart]:
    """Return the charts of several conditions together; none of one condition or one variant."""
    from poolbench.report.overall.charts import overall_charts
    from poolbench.report.overall.conditions import conditions_of

    conditions = conditions_of(results.study, results.runs)
    return [] if conditions is None else overall_charts(conditions)


def learning_charts(results: Results) -> list[Chart]:
    """Return the charts of training, over epochs."""
    from poolbench.report.studies.learning import learning_charts

    return _of_each_network(results.study, lambda part: learning_charts(part, results.runs))


def measured_charts(results: Results) -> list[Chart]:
    """Return the charts of the runs' measurements."""
    from poolbench.report.robustness.charts import robustness_charts

    return _of_each_network(
        results.study, lambda part: robustness_charts(part, results.runs, results.measurements)
    )


def _of_each_network(study: Study, draw: Callable[[Study], list[Chart]]) -> list[Chart]:
    return named_apart({part.network: draw(part) for part in study.parts})


def named_apart(charts: Mapping[str, Sequence[Chart]]) -> list[Chart]:
    """Return the charts of several studies or networks, by id, with names of their own."""
    if len(charts) == 1:
        return [chart for own in charts.values() for chart in own]
    return [
        replace(chart, name=f"{_stem(name)}-{chart.name}")
        for name, own in charts.items()
        for chart in own
    ]


def _stem(name: str) -> str:
    """Return a name as a part of a file's: letters, digits, hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def render(tables: Sequence[Table], format: str, charts: Sequence[Chart] = ()) -> str:
    """Return tables as text in a format, with charts if the format shows them.

    Raises:
        BadInput: The format is unknown.
    """
    return Findings(tuple(tables), tuple(charts)).render(format)


def draw(charts: Sequence[Chart], folder: Path) -> list[Path]:
    """Write charts as PNG and SVG files.

    Returns:
        The files.

    Raises:
        BadInput: Two charts have the same name, or the folder is a file.
        EnvironmentFault: A file cannot be written.
    """
    # matplotlib takes most of a second to load, and a report without figures does not need it.
    from poolbench.report.charts.picture import write_all

    return write_all(charts, folder)


def print_to_terminal(tables: Sequence[Table]) -> None:
    """Print tables in colour on a terminal that is standard output."""
    from rich.console import Console

    from poolbench.report.formats.rich import print_table

    console = Console()
    for index, table in enumerate(tables):
        if index:
            console.print()
        print_table(table, console)
