"""Tables and charts of the theory, from a suite or the options of a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from poolbench.app.experiment import load_experiment
from poolbench.core.errors import BadInput
from poolbench.core.experiment import Experiment
from poolbench.core.theory import (
    THEOREMS,
    OptimalErrorSettings,
    Orders,
    PlanSettings,
    RegionsSettings,
    TheoremsSettings,
    TheorySettings,
)
from poolbench.report.chart import Chart
from poolbench.report.table import Table


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The result of a theory suite or command.

    Args:
        tables: In the order of the subjects.
        charts: In the same order; empty unless they were requested.
    """

    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]


def optimal_error_settings(d: tuple[int, ...], orders: tuple[Orders, ...]) -> OptimalErrorSettings:
    """Return the settings of a command, with the published errors of Appendix D's suite."""
    shipped = _shipped("maxpool/appendix-d").optimal_error
    published = shipped.published if shipped is not None else {}
    return OptimalErrorSettings(d=d, orders=orders, published=published)


def plan_settings(d: int) -> PlanSettings:
    """Return the settings of a command, with the published numbers if d is that of figure 2."""
    shipped = _shipped("maxpool/fig2-plan").plan
    return shipped if shipped is not None and shipped.d == d else PlanSettings(d=d)


def regions_settings(d: int, widths: tuple[int, ...]) -> RegionsSettings:
    """Return the settings of a command, with the published bound if d is that of section 4."""
    shipped = _shipped("maxpool/fig2-plan").regions
    published = shipped.published if shipped is not None and shipped.d == d else None
    return RegionsSettings(d=d, widths=widths, published=published)


def calculate(
    settings: TheorySettings, *, with_charts: bool, deviations: Sequence[str] = ()
) -> Findings:
    """Calculate every subject of the settings.

    Args:
        settings: The subjects.
        with_charts: Whether to draw charts.
        deviations: What of the suite is not as in its source, for the first table.

    Raises:
        BadInput: A number is out of range.
    """
    tables: list[Table] = []
    charts: list[Chart] = []
    if settings.optimal_error is not None:
        from poolbench.report.theory.charts import optimal_error_charts
        from poolbench.report.theory.optimal_error import optimal_error_tables
        from poolbench.theory.optima import least_errors

        best = least_errors(settings.optimal_error)
        tables += optimal_error_tables(best, settings.optimal_error.published)
        charts += optimal_error_charts(best.estimators) if with_charts else []
    if settings.plan is not None:
        from poolbench.report.theory.networks import plan_tables
        from poolbench.theory.trial import try_plan

        tables += plan_tables(try_plan(settings.plan.d), settings.plan.published)
    if settings.regions is not None:
        from poolbench.report.theory.networks import regions_table
        from poolbench.theory.regions import bounded_networks

        tables.append(regions_table(settings.regions.d, bounded_networks(settings.regions)))
    if settings.lse is not None:
        from poolbench.probes.smooth_maximum import measure_smooth_maxima
        from poolbench.report.theory.charts import smooth_maximum_charts
        from poolbench.report.theory.smooth_maximum import smooth_maximum_tables

        tables += smooth_maximum_tables(measure_smooth_maxima(settings.lse), settings.lse)
        charts += smooth_maximum_charts(settings.lse) if with_charts else []
    if settings.limits is not None:
        from poolbench.probes.limits import measure_limits
        from poolbench.report.theory.limits import limits_chart, limits_table

        limits = measure_limits(settings.limits)
        tables.append(limits_table(limits, settings.limits))
        charts += limits_chart(limits) if with_charts else []
    if settings.mean_similarity is not None:
        from poolbench.report.theory.mean_similarity import (
            mean_similarity_chart,
            mean_similarity_table,
        )
        from poolbench.theory.mean_similarity import mean_similarities

        means = mean_similarities(settings.mean_similarity)
        tables.append(mean_similarity_table(means))
        charts += mean_similarity_chart(means) if with_charts else []
    if settings.theorems is not None:
        found = _theorems(settings.theorems)
        tables += found.tables
        charts += found.charts if with_charts else ()
    tables[:1] = [table.with_deviations(deviations) for table in tables[:1]]
    return Findings(tables=tuple(tables), charts=tuple(charts))


def _theorems(settings: TheoremsSettings) -> Findings:
    """Return a table for each theorem, in ascending order, and what can be drawn."""
    from poolbench.report.theory import theorems as report
    from poolbench.theory.dependence import dependences
    from poolbench.theory.heaviside import try_heaviside
    from poolbench.theory.optimal_shape import optimal_shape
    from poolbench.theory.radicals import try_radicals

    for number in settings.numbers:
        if number not in THEOREMS:
            raise BadInput(
                f"there is no table of theorem {number}",
                f"choose of: {', '.join(map(str, THEOREMS))}; lemma 7 is with theorem 6",
            )
    d, numbers = settings.d, set(settings.numbers)
    tables: list[Table] = []
    charts: list[Chart] = []
    if 1 in numbers:
        tables.append(report.heaviside_table([try_heaviside(each) for each in d]))
    if 3 in numbers:
        tables.append(report.dependence_table([row for each in d for row in dependences(each)]))
    if 5 in numbers:
        tables.append(report.radicals_table([try_radicals(each) for each in d]))
    if 6 in numbers:
        shapes = [optimal_shape(each) for each in d]
        tables.append(report.shape_table(shapes))
        charts += report.shape_chart(shapes)
    return Findings(tables=tuple(tables), charts=tuple(charts))


def l2_error(d: Sequence[int], orders: Sequence[Orders]) -> list[Table]:
    """Return the least mean squared errors over the unit cube.

    Args:
        d: Elements of the window.
        orders: Sets of orders; empty for all sets of each d.

    Raises:
        BadInput: A d or a set of orders is invalid.
    """
    from poolbench.report.theory.optimal_error import l2_error_tables
    from poolbench.theory.optima import both_optima

    return l2_error_tables(both_optima(d, orders))


def volume(d: int, orders: Orders, *, shares: Sequence[Fraction], samples: int, seed: int) -> Table:
    """Return how much of the unit cube has a large error.

    Args:
        d: Elements of the window.
        orders: Orders of the optimal estimator, 0 among them.
        shares: Thresholds as fractions of the largest error, in [0, 1]; at least one.
        samples: Number of uniform points for each threshold.
        seed: Seed of the points.

    Raises:
        BadInput: An argument is invalid.
    """
    from poolbench.report.theory.optimal_error import volume_table
    from poolbench.theory.least_error import least_error
    from poolbench.theory.volume import large_error_volume

    best = least_error(d, orders)
    volumes = [large_error_volume(best, s, samples=samples, seed=seed) for s in shares]
    return volume_table(best, volumes, seed)


def max_networks(n: Sequence[int]) -> Table:
    """Return the networks that compute the max of n values exactly.

    Args:
        n: Numbers of values, each from 1 to 1024.

    Raises:
        BadInput: A number is out of range.
    """
    from poolbench.report.theory.networks import max_network_table
    from poolbench.theory.trial import try_max_network

    return max_network_table([try_max_network(count) for count in n])


def _shipped(suite: str) -> TheorySettings:
    experiment: Experiment[TheorySettings] = load_experiment("theory", suite)
    return experiment.settings
