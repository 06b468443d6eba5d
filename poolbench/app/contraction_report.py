"""Angle contraction as tables and charts, from what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from poolbench.core.contraction import ContractionSettings, Observed
from poolbench.core.experiment import Experiment
from poolbench.report.chart import Chart
from poolbench.report.contraction import similarity_table
from poolbench.report.contraction_charts import similarity_charts
from poolbench.report.contraction_rates import rates_chart, rates_table
from poolbench.report.table import Table


def tables_of(
    experiment: Experiment[ContractionSettings], observed: Sequence[Observed]
) -> list[Table]:
    """Return the similarities, and where a size was varied the fitted rates."""
    tables = [similarity_table(experiment, observed)]
    if experiment.settings.sweep is not None:
        tables.append(rates_table(experiment, observed))
    return tables


def charts_of(
    experiment: Experiment[ContractionSettings], observed: Sequence[Observed]
) -> list[Chart]:
    """Return the pictures of an experiment."""
    name = Path(experiment.origin).stem or "contraction"
    if experiment.settings.sweep is not None:
        return [rates_chart(experiment, observed, name)]
    return similarity_charts(experiment, observed, name)
