"""From a checked theory suite, or the options of a command, to its tables and charts."""

from __future__ import annotations

from dataclasses import dataclass

from poolbench.app.experiment import load_experiment
from poolbench.core.experiment import Experiment
from poolbench.core.theory import (
    OptimalErrorSettings,
    Orders,
    PlanSettings,
    RegionsSettings,
    TheorySettings,
)
from poolbench.report.chart import Chart
from poolbench.report.table import Table


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a suite or command has shown.

    Args:
        tables: In the order of the subjects.
        charts: Likewise; drawn only if asked for.
    """

    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]


def optimal_error_settings(d: tuple[int, ...], orders: tuple[Orders, ...]) -> OptimalErrorSettings:
    """Return what a command asks for, with the published errors of the suite of Appendix D."""
    shipped = _shipped("maxpool/appendix-d").optimal_error
    published = shipped.published if shipped is not None else {}
    return OptimalErrorSettings(d=d, orders=orders, published=published)


def plan_settings(d: int) -> PlanSettings:
    """Return what a command asks for: that of figure 2's suite with its numbers, if d is its."""
    shipped = _shipped("maxpool/fig2-plan").plan
    return shipped if shipped is not None and shipped.d == d else PlanSettings(d=d)


def regions_settings(d: int, widths: tuple[int, ...]) -> RegionsSettings:
    """Return what a command asks for, with the number of section 4's suite, if d is its."""
    shipped = _shipped("maxpool/fig2-plan").regions
    published = shipped.published if shipped is not None and shipped.d == d else None
    return RegionsSettings(d=d, widths=widths, published=published)


def calculate(settings: TheorySettings, *, with_charts: bool) -> Findings:
    """Do everything that the settings ask for.

    Args:
        settings: The subjects.
        with_charts: Whether charts are wanted.

    Raises:
        BadInput: A number is out of range.
    """
    tables: list[Table] = []
    charts: list[Chart] = []
    if settings.optimal_error is not None:
        from poolbench.report.theory.charts import optimal_error_charts
        from poolbench.report.theory.optimal_error import least_errors, optimal_error_tables

        best, duration_s = least_errors(settings.optimal_error)
        tables += optimal_error_tables(best, duration_s, settings.optimal_error.published)
        charts += optimal_error_charts(best) if with_charts else []
    if settings.plan is not None:
        from poolbench.report.theory.networks import plan_tables

        tables += plan_tables(settings.plan)
    if settings.regions is not None:
        from poolbench.report.theory.networks import regions_table

        tables.append(regions_table(settings.regions))
    if settings.lse is not None:
        from poolbench.report.theory.charts import smooth_maximum_charts
        from poolbench.report.theory.smooth_maximum import smooth_maximum_tables

        tables += smooth_maximum_tables(settings.lse)
        charts += smooth_maximum_charts(settings.lse) if with_charts else []
    return Findings(tables=tuple(tables), charts=tuple(charts))


def _shipped(suite: str) -> TheorySettings:
    experiment: Experiment[TheorySettings] = load_experiment("theory", suite)
    return experiment.settings
