"""Tables of what estimators from subpool maxes can reach."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial

from poolbench.core.errors import BadInput
from poolbench.core.theory import OptimalErrorSettings, Orders
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.report.theory.cells import decimal, fraction, optional, signed, whole
from poolbench.theory.closed_forms import ClosedForm, least_error_formula, mean_square_formula
from poolbench.theory.estimator import Estimator
from poolbench.theory.least_error import (
    LARGEST_TABLE,
    check_dimension,
    least_error,
    sets_of_orders,
)
from poolbench.theory.least_squares import least_mean_square
from poolbench.theory.volume import large_error_volume

_D = Column(title="d", fields=("d",))
_ORDERS = Column(title="orders", fields=("orders",), is_text=True)


def problems(d: Sequence[int], orders: Sequence[Orders]) -> Iterator[tuple[int, Orders]]:
    """Yield each d with each set of orders, or with all there are.

    Raises:
        BadInput: d is out of range, or has more sets of orders than a table can show.
    """
    for elements in d:  # every one before the first is worked on
        check_dimension(elements)
        if not orders and elements > LARGEST_TABLE:
            raise BadInput(
                f"d is {elements}, which has 2^{elements} - 2 sets of orders",
                f"choose one: --orders 0,{elements - 1}; all are shown up to d = {LARGEST_TABLE}",
            )
    for elements in d:
        yield from ((elements, chosen) for chosen in orders or sets_of_orders(elements))


def least_errors(settings: OptimalErrorSettings) -> tuple[list[Estimator], float]:
    """Return the best estimators, and what solving for them took, in seconds.

    Args:
        settings: Which.

    Raises:
        BadInput: A d or a set of orders cannot be meant.
    """
    began = time.perf_counter()
    best = [least_error(*problem) for problem in problems(settings.d, settings.orders)]
    return best, time.perf_counter() - began


def optimal_error_tables(
    best: Sequence[Estimator],
    duration_s: float,
    published: Mapping[tuple[int, Orders], float],
) -> list[Table]:
    """Return the least sup-norm errors, as Appendix D lists them; of a single one, its estimator.

    Args:
        best: From :func:`least_errors`.
        duration_s: Likewise.
        published: The source's errors, by d and ascending orders.
    """
    rows = [_error_row(estimator, published) for estimator in best]
    differences = [row[-1].values[0] for row in rows if row[-1].values[0] is not None]
    notes = [
        "error: least largest |estimate - max| on the unit cube, by linear programme; exact, each "
        "proved by its multipliers",
        "subpool maxes: how many an estimator is made of; order 0 is the intercept, which costs "
        "none",
        f"linear programmes solved: {len(rows):,}, in {duration_s:.1f} s",
    ]
    if differences:
        largest = max(abs(float(difference)) for difference in differences)
        notes.append(
            f"published: {len(differences)} of the rows, largest difference {largest:.2g}; "
            "decimals are published rounded"
        )
    table = Table(
        title="Least error of subpool maxes against the max",
        columns=(
            _D,
            _ORDERS,
            Column(title="error", fields=("error_fraction",)),
            Column(title="=", fields=("error",)),
            Column(title="formula", fields=("formula",), is_text=True),
            Column(title="subpool maxes", fields=("subpools",)),
            Column(title="published", fields=("published",)),
            Column(title="difference", fields=("difference",)),
        ),
        rows=tuple(rows),
        notes=tuple(notes),
    )
    return [table, *(estimator_tables(best[0]) if len(best) == 1 else ())]


def estimator_tables(estimator: Estimator) -> list[Table]:
    """Return an estimator's coefficients, and what it makes of the vertices of the cube."""
    named = f"d = {estimator.elements}, orders {show(estimator.orders)}"
    coefficients = Table(
        title=f"Coefficients: {named}",
        columns=(
            Column(title="order", fields=("order",)),
            Column(title="coefficient", fields=("coefficient", "coefficient_fraction")),
        ),
        rows=tuple(
            (whole(order), fraction(coefficient))
            for order, coefficient in zip(estimator.orders, estimator.coefficients, strict=True)
        ),
    )
    vertices = Table(
        title=f"At k ones and {estimator.elements} - k zeros: {named}",
        columns=(
            Column(title="k", fields=("k",)),
            Column(title="estimate", fields=("estimate", "estimate_fraction")),
            Column(title="estimate − max", fields=("error", "error_fraction")),
        ),
        rows=tuple(
            (whole(k), fraction(value), fraction(error))
            for k, (value, error) in enumerate(
                zip(estimator.vertex_values, estimator.vertex_errors, strict=True)
            )
        ),
        notes=("an estimate is linear between these points, so no error is larger elsewhere",),
    )
    return [coefficients, vertices]


def l2_error_tables(d: Sequence[int], orders: Sequence[Orders]) -> list[Table]:
    """Return root mean squared errors over the unit cube: the least, and of the sup-norm optimum.

    Args:
        d: Elements of the window.
        orders: Sets of orders; none for all sets of each d.

    Raises:
        BadInput: A d or a set of orders cannot be meant.
    """
    rows = []
    best = Estimator(elements=1, orders=(), coefficients=())
    for elements, chosen in problems(d, orders):
        best = least_mean_square(elements, chosen)
        other = least_error(elements, chosen)
        rows.append(
            (
                whole(elements),
                _orders(chosen),
                fraction(best.mean_square_error),
                _formula(mean_square_formula(elements, chosen)),
                decimal(float(best.mean_square_error) ** 0.5),
                decimal(float(other.mean_square_error) ** 0.5),
                decimal(float(best.largest_error)),
                decimal(float(other.largest_error)),
            )
        )
    table = Table(
        title="Least mean squared error of subpool maxes against the max",
        columns=(
            _D,
            _ORDERS,
            Column(title="mean square", fields=("mean_square", "mean_square_fraction")),
            Column(title="formula", fields=("formula",), is_text=True),
            Column(title="L2 error", fields=("l2_error",)),
            Column(title="L2 error of sup optimum", fields=("l2_error_of_sup_optimum",)),
            Column(title="largest error", fields=("largest_error",)),
            Column(title="least largest error", fields=("largest_error_of_sup_optimum",)),
        ),
        rows=tuple(rows),
        notes=(
            "mean square: of estimate - max over the unit cube, exact; L2 error: its root",
            "sup optimum: the estimator of the same orders with the least largest error",
        ),
    )
    return [table, *(estimator_tables(best) if len(rows) == 1 else ())]


def volume_table(
    d: int, orders: Orders, *, shares: Sequence[Fraction], samples: int, seed: int
) -> Table:
    """Return how much of the unit cube has a large error, beside Lemma 4's bound.

    Args:
        d: Elements of the window.
        orders: Of the optimal estimator; 0 is one of them.
        shares: Thresholds, as shares of the largest error, in [0, 1].
        samples: Uniform points for each.
        seed: Of the points.

    Raises:
        BadInput: An argument cannot be meant.
    """
    best = least_error(d, orders)
    volumes = [large_error_volume(best, s, samples=samples, seed=seed) for s in shares]
    rows = tuple(
        (
            fraction(volume.threshold),
            TableCell(
                values=(volume.estimate, *volume.interval),
                text=f"{volume.estimate:.6g} [{volume.interval[0]:.6g}, {volume.interval[1]:.6g}]",
            ),
            decimal(float(volume.bound)),
            text_cell("yes" if volume.interval[0] >= volume.bound else "not refuted"),
            decimal(volume.corner_share),
        )
        for volume in volumes
    )
    return Table(
        title=f"Volume with an error of at least c: d = {d}, orders {show(orders)}, "
        f"largest error {best.largest_error}",
        columns=(
            Column(title="c", fields=("threshold", "threshold_fraction")),
            Column(title="volume [95 % interval]", fields=("volume", "low", "high")),
            Column(title="bound (e - c)^d", fields=("bound",)),
            Column(title="above it", fields=("is_above",), is_text=True),
            Column(title="of the corner", fields=("corner_share",)),
        ),
        rows=rows,
        notes=(
            f"{samples:,} uniform points, seed {seed}; interval: Clopper-Pearson",
            "of the corner: share of as many points of [0, e - c]^d that err by c or more; the "
            "lemma says all",
        ),
    )


def show(orders: Orders) -> str:
    """Return orders as they are typed, runs shortened: ``0,1,...,8``."""
    whole = orders == tuple(range(orders[0], orders[-1] + 1))
    if whole and len(orders) > 4:
        return f"{orders[0]},{orders[1]},...,{orders[-1]}"
    return ",".join(map(str, orders))


def _error_row(
    estimator: Estimator, published: Mapping[tuple[int, Orders], float]
) -> tuple[TableCell, ...]:
    d, error = estimator.elements, estimator.largest_error
    given = published.get((d, tuple(sorted(estimator.orders))))
    difference = None if given is None else float(error) - given
    return (
        whole(d),
        _orders(estimator.orders),
        text_cell(str(error)),
        decimal(float(error)),
        _formula(least_error_formula(d, estimator.orders)),
        whole(estimator.subpools),
        optional(given, _as_given),
        optional(difference, partial(signed, digits=2)),
    )


def _orders(orders: Orders) -> TableCell:
    return TableCell(values=(",".join(map(str, orders)),), text=show(orders))


def _as_given(published: float) -> str:
    """Return a published number as the small fraction it is, where it is one."""
    near = Fraction(published).limit_denominator(99)
    return str(near) if float(near) == published else f"{published:g}"


def _formula(form: ClosedForm | None) -> TableCell:
    return optional(form.text if form else None, str)
