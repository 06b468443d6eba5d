"""Tables of a study, from what the store holds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from poolbench.app.measured import read_measurements
from poolbench.core.errors import BadInput, NothingMatched, did_you_mean
from poolbench.core.record import Run
from poolbench.core.study import Analysis, Study
from poolbench.report import FORMATS
from poolbench.report.chart import Chart
from poolbench.report.table import Table
from poolbench.store.documents import Damaged
from poolbench.store.store import Store

RULES = ("set", "paper", "holm")

__all__ = [
    "FORMATS", "Chart", "Reading", "Table", "apply", "charts", "check_reading", "draw",
    "early_tables", "print_to_terminal", "read_runs", "render", "stored_studies", "tables",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the user wants results read, where it differs from the suite; ``None`` keeps it.

    Args:
        rule: ``set``, ``paper`` or ``holm``.
        baseline: A variant.
        alpha: Level of the tests, in (0, 1).
        margin: Equivalence margin, in percentage points.
        target: Validation accuracy, in (0, 1], whose first epoch is asked for too.
    """

    rule: str | None = None
    baseline: str | None = None
    alpha: float | None = None
    margin: float | None = None
    target: float | None = None


def apply(study: Study, reading: Reading) -> Study:
    """Return the study with the reading in place of its own analysis.

    Raises:
        BadInput: An unknown rule or baseline, or a level or margin out of range.
    """
    analysis: Analysis = study.analysis
    if reading.rule is not None:
        if reading.rule not in RULES:
            raise BadInput(f"unknown rule '{reading.rule}'", did_you_mean(reading.rule, RULES))
        analysis = replace(analysis, rule=reading.rule)  # type: ignore[arg-type]
    if reading.alpha is not None:
        if not 0 < reading.alpha < 1:
            raise BadInput(f"alpha is {reading.alpha:g}", "give a level in (0, 1), such as 0.05")
        analysis = replace(analysis, alpha=reading.alpha)
    if reading.margin is not None:
        if not reading.margin > 0:
            raise BadInput(f"margin is {reading.margin:g}", "give percentage points above 0")
        analysis = replace(analysis, margin=reading.margin)
    if reading.baseline is not None and reading.baseline not in study.variants:
        raise BadInput(
            f"baseline '{reading.baseline}' is no variant of this suite",
            did_you_mean(reading.baseline, study.variants),
        )
    return replace(study, analysis=analysis, baseline=reading.baseline or study.baseline)


def check_reading(study: Study, reading: Reading) -> None:
    """Refuse a reading that could not be applied, before hours of training rather than after.

    Raises:
        BadInput: As :func:`apply`.
    """
    apply(study, reading)


def read_runs(study: Study, store: Store) -> tuple[dict[str, Run], list[str]]:
    """Return the study's finished runs by cell id, and what is wrong with damaged ones."""
    runs, damaged = {}, []
    for cell in study.cells:
        try:
            if store.is_finished(cell.id):
                runs[cell.id] = store.read(cell.id)
        except Damaged as error:
            damaged.append(f"{cell}: {error}; counted as missing, `poolbench train` redoes it")
    return runs, damaged


def stored_studies(store_path: Path) -> list[Study]:
    """Return the studies a store remembers, oldest first.

    Raises:
        EnvironmentFault: There is no store, or it cannot be read.
        NothingMatched: There is no study in it.
    """
    studies = list(Store(store_path).studies())
    if not studies:
        raise NothingMatched(
            f"no suite was trained in the store {store_path}", "train one: poolbench train smoke"
        )
    return studies


def tables(study: Study, store_path: Path, reading: Reading) -> list[Table]:
    """Return one table a data set, and those of what was measured on its runs.

    Args:
        study: What to report on.
        store_path: The store's folder; it may be read-only.
        reading: How to read the results.

    Raises:
        NothingMatched: Not one of its cells is finished.
    """
    from poolbench.report.results import results_table
    from poolbench.report.robustness import robustness_tables

    study, store = apply(study, reading), Store(store_path)
    runs, damaged = read_runs(study, store)
    if not runs:
        raise NothingMatched(
            f"none of the {len(study.cells)} cells of '{study.title}' is finished in {store_path}",
            f"train them: poolbench train {study.origin}",
        )
    made = [results_table(study, dataset, runs) for dataset in study.datasets]
    made = [replace(table, notes=(*table.notes, *damaged)) for table in made]
    found, spoilt = read_measurements(study, store)
    measured = robustness_tables(study, runs, found) if any(found.values()) else []
    return made + [replace(table, notes=(*table.notes, *spoilt)) for table in measured]


def early_tables(study: Study, store_path: Path, reading: Reading) -> list[Table]:
    """Return one table a data set of how soon variants reached the target; none without one.

    Raises:
        BadInput: A target out of (0, 1], or no run has a validation accuracy.
    """
    from poolbench.report.learning import early_table

    if reading.target is None:
        return []
    study = apply(study, reading)
    runs, _ = read_runs(study, Store(store_path))
    return [early_table(study, dataset, runs, reading.target) for dataset in study.datasets]


def charts(study: Study, store_path: Path, reading: Reading) -> list[Chart]:
    """Return every chart there are numbers for: outcomes, learning, and what probes found."""
    from poolbench.report.by_option import option_charts
    from poolbench.report.learning import learning_charts
    from poolbench.report.outcome_charts import outcome_charts
    from poolbench.report.robustness_charts import robustness_charts

    study, store = apply(study, reading), Store(store_path)
    runs, _ = read_runs(study, store)
    found, _ = read_measurements(study, store)
    return [
        *outcome_charts(study, runs),
        *option_charts(study, runs),
        *learning_charts(study, runs),
        *robustness_charts(study, runs, found),
    ]


def render(tables: Sequence[Table], format: str, charts: Sequence[Chart] = ()) -> str:
    """Return tables as text in a format; only a page has room for charts.

    Raises:
        BadInput: The format is unknown.
    """
    if format == "html" and charts:
        from poolbench.report.as_html import render_findings

        return render_findings(tables, charts)
    return FORMATS.resolve(format)(tables)


def draw(charts: Sequence[Chart], folder: Path) -> list[Path]:
    """Write charts as PNG and SVG files.

    Returns:
        The files.

    Raises:
        BadInput: Two charts of one name, or a folder that is a file.
        EnvironmentFault: A file cannot be written.
    """
    # matplotlib takes most of a second to load, and a report without figures needs none of it.
    from poolbench.report.picture import write_all

    return write_all(charts, folder)


def print_to_terminal(tables: Sequence[Table]) -> None:
    """Print tables on standard output, in colour where that is a terminal."""
    from rich.console import Console

    from poolbench.report.as_rich import print_table
    from poolbench.report.as_rich import render as render_plain

    if not sys.stdout.isatty():
        sys.stdout.write(render_plain(tables))
        return
    console = Console()
    for index, table in enumerate(tables):
        if index:
            console.print()
        print_table(table, console)
