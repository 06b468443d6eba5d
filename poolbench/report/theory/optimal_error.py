"""Tables of what estimators from subpool maxes can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial

from poolbench.core.theory import Orders
from poolbench.report.cells import decimal, fraction, optional, signed, whole
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.theory.closed_forms import ClosedForm, least_error_formula, mean_square_formula
from poolbench.theory.estimator import Estimator
from poolbench.theory.optima import BothOptima, LeastErrors
from poolbench.theory.volume import Volume

_D = Column(title="d", fields=("d",))
_ORDERS = Column(title="orders", fields=("orders",), is_text=True)


def optimal_error_tables(
    best: LeastErrors, published: Mapping[tuple[int, Orders], float]
) -> list[Table]:
    """Return the table of least sup-norm errors, and for a single estimator its own tables.

    Args:
        best: The optimal estimators.
        published: Published errors by d and ascending orders.
    """
    rows = [_error_row(estimator, published) for estimator in best.estimators]
    differences = [row[-1].values[0] for row in rows if row[-1].values[0] is not None]
    notes = [
        "error: least largest |estimate - max| on the unit cube, by linear programming; exact, "
        "each certified by its dual solution",
        "subpool maxes: their number in an estimator; order 0 is the intercept, which has none",
        f"linear programmes solved: {len(rows):,}, in {best.duration_s:.1f} s",
    ]
    if differences:
        largest = max(abs(float(difference)) for difference in differences)
        notes.append(
            f"published: {len(differences)} of the rows, largest difference {largest:.2g}; "
            "published decimals are rounded"
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
    return [table, *_tables_of_one(best.estimators)]


def estimator_tables(estimator: Estimator) -> list[Table]:
    """Return the tables of an estimator's coefficients and of its values at the cube's vertices."""
    named = _named(estimator)
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


def l2_error_tables(optima: Sequence[BothOptima]) -> list[Table]:
    """Return the least mean squared errors over the unit cube, beside the sup-norm optimum.

    Args:
        optima: One pair for each d and set of orders.
    """
    rows = []
    for both in optima:
        best, other = both.mean_square, both.largest
        rows.append(
            (
                whole(best.elements),
                _orders(best.orders),
                fraction(best.mean_square_error),
                _formula(mean_square_formula(best.elements, best.orders)),
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
    return [table, *_tables_of_one([both.mean_square for both in optima])]


def volume_table(estimator: Estimator, volumes: Sequence[Volume], seed: int) -> Table:
    """Return the table of the volume with a large error, beside Lemma 4's bound.

    Args:
        estimator: The optimal estimator that was measured.
        volumes: One for each threshold, from the same number of points.
        seed: Seed of the points.
    """
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
        title=f"Volume with an error of at least c: {_named(estimator)}, "
        f"largest error {estimator.largest_error}",
        columns=(
            Column(title="c", fields=("threshold", "threshold_fraction")),
            Column(title="volume [95 % interval]", fields=("volume", "low", "high")),
            Column(title="bound (e - c)^d", fields=("bound",)),
            Column(title="above it", fields=("is_above",), is_text=True),
            Column(title="of the corner", fields=("corner_share",)),
        ),
        rows=rows,
        notes=(
            f"{volumes[0].samples:,} uniform points, seed {seed}; interval: Clopper-Pearson",
            "of the corner: share of as many points in [0, e - c]^d with an error of c or more; "
            "all, by the lemma",
        ),
    )


def show(orders: Orders) -> str:
    """Return orders as typed on the command line, long runs shortened: ``0,1,...,8``."""
    whole = orders == tuple(range(orders[0], orders[-1] + 1))
    if whole and len(orders) > 4:
        return f"{orders[0]},{orders[1]},...,{orders[-1]}"
    return ",".join(map(str, orders))


def _named(estimator: Estimator) -> str:
    return f"d = {estimator.elements}, orders {show(estimator.orders)}"


def _tables_of_one(estimators: Sequence[Estimator]) -> list[Table]:
    """Return the tables of a single estimator; none for several."""
    return estimator_tables(estimators[0]) if len(estimators) == 1 else []


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
    """Return a published number as text, as a fraction if it is a small one."""
    near = Fraction(published).limit_denominator(99)
    return str(near) if float(near) == published else f"{published:g}"


def _formula(form: ClosedForm | None) -> TableCell:
    return optional(form.text if form else None, str)
