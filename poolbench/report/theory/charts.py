"""Charts of the theory: error over cost, over d and over t, and LSE minus the max."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from poolbench.core.theory import Orders, SmoothMaximumSettings
from poolbench.report.chart import Axis, Chart, Cloud, Curve, Curves, Scatter, Surface
from poolbench.theory.estimator import Estimator, order_statistic_weights
from poolbench.theory.smooth_maximum import lae_shortfall, lse_excess

_GRID, _POINTS = 41, 61


def optimal_error_charts(best: Sequence[Estimator]) -> list[Chart]:
    """Return the charts of error against cost, of order-statistic weights, and of error over d.

    Args:
        best: Optimal estimators; all but the last chart show those of the largest d.
    """
    d = max(estimator.elements for estimator in best)
    largest = [estimator for estimator in best if estimator.elements == d]
    return [_cost_chart(d, largest), _weights_chart(d), *_over_d(best)]


def _cost_chart(d: int, best: Sequence[Estimator]) -> Scatter:
    points = sorted((float(e.subpools), float(e.largest_error)) for e in best)
    least = dict(accumulate(points, lambda a, b: (b[0], min(a[1], b[1]))))
    clouds = []
    for label, has_intercept in (("without intercept", False), ("with intercept", True)):
        chosen = [e for e in best if (0 in e.orders) == has_intercept]
        clouds.append(
            Cloud(
                label=label,
                x=tuple(float(e.subpools) for e in chosen),
                y=tuple(float(e.largest_error) for e in chosen),
            )
        )
    return Scatter(
        name=f"least-error-d{d}",
        title=f"Least error of the max of {d} elements against its cost",
        caption=f"Each point is one of {len(best):,} sets of orders; its error is the largest on "
        "the unit cube with the best coefficients. Line: the least with at most so many maxes.",
        x=Axis(label="subpool maxes", scale="log"),
        y=Axis(label="least error", scale="log"),
        clouds=tuple(cloud for cloud in clouds if cloud.x),
        references=(
            Curve(label="least", x=tuple(least), y=tuple(least.values()), is_reference=True),
        ),
    )


def _weights_chart(d: int) -> Curves:
    ranks = tuple(float(i) for i in range(1, d + 1))
    return Curves(
        name=f"order-statistics-d{d}",
        title=f"The mean of subpool maxes by order statistics, {d} elements",
        caption="Weight of each order statistic in the mean over all subpools of r elements.",
        x=Axis(label="rank of the element (1: largest)"),
        y=Axis(label="weight"),
        curves=tuple(
            Curve(label=f"r = {r}", x=ranks, y=order_statistic_weights(d, r))
            for r in sorted({1, *range(2, d, max(1, d // 6)), d - 1})
        ),
    )


def _over_d(best: Sequence[Estimator]) -> list[Chart]:
    families: dict[str, Callable[[int], Orders]] = {
        "d-1": lambda d: (d - 1,),
        "0,d-1": lambda d: (0, d - 1),
        "0,1,...,d-1": lambda d: tuple(range(d)),
    }
    errors = {(e.elements, e.orders): float(e.largest_error) for e in best}
    every = sorted({e.elements for e in best})
    if len(every) < 3 or any(
        (d, family(d)) not in errors for family in families.values() for d in every
    ):
        return []
    return [
        Curves(
            name="least-error-over-d",
            title="Least error of the max of d elements",
            caption="Largest error on the unit cube for three families of orders: 1/(2d-1), 1/(2d) "
            "and 2^-d.",
            x=Axis(label="elements d"),
            y=Axis(label="least error", scale="log"),
            curves=tuple(
                Curve(
                    label=label,
                    x=tuple(map(float, every)),
                    y=tuple(errors[d, orders(d)] for d in every),
                )
                for label, orders in families.items()
            ),
        )
    ]


def smooth_maximum_charts(settings: SmoothMaximumSettings) -> list[Chart]:
    """Return the charts of LSE minus the max of two values, and of the largest errors over t.

    Args:
        settings: The values of t and n.
    """
    side = np.linspace(-1.0, 1.0, _GRID)
    x, y = np.meshgrid(side, side)
    values = tuple(map(float, side))
    surface = Surface(
        name="lse-minus-max",
        title="LSE − max of two values, t = 1",
        caption="LSE − max is log 2 where the values are equal, and falls as they move apart.",
        x=Axis(label="first value"),
        y=Axis(label="second value"),
        z=Axis(label="LSE − max"),
        x_values=values,
        y_values=values,
        z_values=tuple(tuple(map(float, row)) for row in np.logaddexp(x, y) - np.maximum(x, y)),
    )
    return [surface, *_excess_chart(settings), *_errors_over_t(settings)]


def _excess_chart(settings: SmoothMaximumSettings) -> list[Chart]:
    t, largest = _temperatures(settings), max(settings.n)
    if len(t) < 2 or largest < 3:
        return []
    n = sorted({round(float(each)) for each in np.geomspace(2, largest, _POINTS)})
    return [
        Surface(
            name="lse-error-surface",
            title="Largest LSE − max over temperature and elements",
            caption="t log n, attained by a window of equal elements.",
            x=Axis(label="temperature t", scale="log"),
            y=Axis(label="elements n", scale="log2"),
            z=Axis(label="largest LSE − max", scale="log"),
            x_values=t,
            y_values=tuple(map(float, n)),
            z_values=tuple(tuple(lse_excess(count, each) for each in t) for count in n),
        )
    ]


def _errors_over_t(settings: SmoothMaximumSettings) -> list[Chart]:
    sizes = [n for n in sorted(set(settings.n)) if n > 1]
    t = _temperatures(settings)
    if len(t) < 2 or not sizes:
        return []
    return [
        Curves(
            name=name,
            title=title,
            caption=caption,
            x=Axis(label="temperature t", scale="log"),
            y=Axis(label="largest error", scale="log"),
            curves=tuple(
                Curve(label=f"n = {n}", x=t, y=tuple(error(n, each) for each in t)) for n in sizes
            ),
        )
        for name, title, caption, error in (
            (
                "lse-error",
                "Largest LSE − max of n elements",
                "t log n, attained by equal elements.",
                lse_excess,
            ),
            (
                "lae-error",
                "Largest max − LAE of n elements in [0, 1]",
                "About t log n while that is small, and at most 1 − 1/n, the error of the mean.",
                lae_shortfall,
            ),
        )
    ]


def _temperatures(settings: SmoothMaximumSettings) -> tuple[float, ...]:
    """Return a fine grid from the lowest to the highest temperature, or the single one."""
    lowest, highest = min(settings.t), max(settings.t)
    grid = np.geomspace(lowest, highest, _POINTS) if lowest < highest else [lowest]
    return tuple(map(float, grid))
