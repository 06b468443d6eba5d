"""Theorems on max pooling by ReLU networks, each as a table of numbers that it implies."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.report.cells import decimal, fraction, optional, whole
from poolbench.report.chart import Axis, Chart, Curve, Curves
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.theory.dependence import Dependence
from poolbench.theory.heaviside import HeavisideTrial
from poolbench.theory.optimal_shape import OptimalShape
from poolbench.theory.radicals import RadicalsTrial

_D = Column(title="d", fields=("d",))


def heaviside_table(trials: Sequence[HeavisideTrial]) -> Table:
    """Return theorem 1: the sign of a max by one layer of ReLUs, and not its value."""
    points = trials[0].points
    return Table(
        title="Theorem 1 · relu(x₁) + ... + relu(x_d) instead of max(x), d hidden neurons",
        columns=(
            _D,
            Column(title="both > 0 or neither %", fields=("agree_positive",)),
            Column(title="both >= 0 or neither %", fields=("agree_not_negative",)),
            Column(title="both > 1/2 or neither %", fields=("agree_elsewhere",)),
            Column(title="largest |sum − max|", fields=("largest_difference",)),
        ),
        rows=tuple(
            (
                whole(each.elements),
                _share(each.positive),
                _share(each.not_negative),
                _share(each.elsewhere),
                decimal(each.largest_difference),
            )
            for each in trials
        ),
        notes=(
            f"{points:,} points of [−1, 1]^d: a third each uniform, all negative, and negative but "
            "for one 0",
            "the theorem holds for the Heaviside function that is 0 at 0; with 1 at 0 it does not: "
            "at x = (−1, ..., −1) the max is below 0, and a sum of ReLUs never is",
            "> 1/2: the uniform points alone; the sum has the max's sign, not its value, which is "
            "d − 1 away at (1, ..., 1)",
        ),
    )


def dependence_table(found: Sequence[Dependence]) -> Table:
    """Return theorem 3: how many functions of r elements M_r needs."""
    return Table(
        title="Theorem 3 · M_r, the mean of the maxes of r of d elements, as a sum of functions",
        columns=(
            _D,
            Column(title="r", fields=("r",)),
            Column(title="terms of r elements, C(d, r)", fields=("terms",)),
            Column(title="mixed difference", fields=("difference", "difference_fraction")),
            Column(title="of more elements", fields=("higher", "higher_fraction")),
            Column(title="error without one", fields=("least_error", "least_error_fraction")),
            Column(title="reached", fields=("reached", "reached_fraction")),
        ),
        rows=tuple(
            (
                whole(each.elements),
                whole(each.order),
                whole(each.terms),
                fraction(each.difference),
                fraction(each.higher),
                fraction(each.least_error),
                TableCell(values=(None, None), text="")
                if each.reached is None
                else fraction(each.reached),
            )
            for each in found
        ),
        notes=(
            "mixed difference: over the corners of the cube of any r elements, the others 0; it is "
            "0 for a sum of functions none of which has all r, so every set of r needs a term, and "
            "no set of more does",
            "error without one: the difference by 2^r; no sum lacking such a term has a smaller "
            "one, of subpool maxes or not",
            "reached: for M_d, the max, by the estimator of orders 0 to d − 1 (theorem 2): no sum "
            "of functions of d − 1 elements is closer",
        ),
    )


def radicals_table(trials: Sequence[RadicalsTrial]) -> Table:
    """Return theorem 5: for which d the max is in radicals, and of what."""
    return Table(
        title="Theorem 5 · the max of d elements in radicals",
        columns=(
            _D,
            Column(title="groups", fields=("series",), is_text=True),
            Column(title="of symmetric functions", fields=("exists",), is_text=True),
            Column(title="deviation", fields=("deviation",)),
            Column(title="of the elements, deviation", fields=("nested_deviation",)),
        ),
        rows=tuple(
            (
                whole(each.elements),
                text_cell(" > ".join(map(str, each.series))),
                text_cell("yes" if each.series[-1] == 1 else "no"),
                optional(each.deviation, "{:.2g}".format),
                decimal(each.nested_deviation, 2),
            )
            for each in trials
        ),
        notes=(
            "groups: orders of the symmetric group and of its repeated commutator groups; a "
            "formula in radicals of the sum, the sum of products of pairs, ..., the product exists "
            "if they end at 1 (Galois)",
            "deviation: largest |formula − max| at 1,000 uniform points, by the formulas of degree "
            "2, 3 and 4; due to rounding",
            "of the elements: max(a, b) = (a + b + sqrt((a − b)²)) / 2, nested, is in radicals for "
            "every d; so the theorem is about symmetric functions alone",
        ),
    )


def shape_table(found: Sequence[OptimalShape]) -> Table:
    """Return theorem 6 and lemma 7: what holds for how many optimal estimators."""
    return Table(
        title="Theorem 6 and lemma 7 · optimal estimators of all orders with an intercept",
        columns=(
            _D,
            Column(title="estimators", fields=("estimators",)),
            Column(title="errors from −e to e", fields=("balanced",)),
            Column(title="intercept = e, the least estimate", fields=("at_intercept",)),
            Column(title="increasing", fields=("increasing",)),
            Column(title="least weight", fields=("least_weight", "least_weight_fraction")),
            Column(title="which falls", fields=("counterexample",), is_text=True),
        ),
        rows=tuple(
            (
                whole(each.elements),
                whole(each.estimators),
                whole(each.balanced),
                whole(each.at_intercept),
                whole(each.increasing),
                fraction(each.least_weight),
                _counterexample(each),
            )
            for each in found
        ),
        notes=(
            "e: the least largest error; counted over the sets of orders, in exact fractions",
            "theorem 6 holds for all. Lemma 7, that an optimal estimate never falls as an element "
            "rises, does not hold for the others; lemma 4 needs no more than that no "
            "estimate is below the intercept",
            "least weight: of an order statistic; which falls: the first set of orders whose "
            "estimate at k ones is above that at k + 1",
        ),
    )


def shape_chart(found: Sequence[OptimalShape]) -> list[Chart]:
    """Return an optimal estimate that falls as an element rises, of the largest d; none without."""
    falling = [each.counterexample for each in found if each.counterexample is not None]
    if not falling:
        return []
    estimator = max(falling, key=lambda each: each.elements)
    d, orders = estimator.elements, ", ".join(map(str, estimator.orders))
    ones = tuple(float(k) for k in range(d + 1))
    return [
        Curves(
            name="lemma-7",
            title=f"An optimal estimate of the max of {d} elements that falls",
            caption=f"Orders {orders}, error {estimator.largest_error}: as close as these orders "
            "come, and lower at more ones. Between these points it is linear.",
            x=Axis(label=f"ones among {d} elements, the others 0"),
            y=Axis(label="estimate"),
            curves=(
                Curve(label="estimate", x=ones, y=tuple(map(float, estimator.vertex_values))),
                Curve(label="max", x=ones, y=tuple(float(k > 0) for k in ones), is_reference=True),
            ),
        )
    ]


def _share(share: float) -> TableCell:
    return TableCell(values=(share,), text=f"{100 * share:.1f}")


def _counterexample(shape: OptimalShape) -> TableCell:
    if shape.counterexample is None:
        return TableCell(values=(None,), text="")
    orders = ",".join(map(str, shape.counterexample.orders))
    values = shape.counterexample.vertex_values
    k = next(k for k in range(len(values) - 1) if values[k] > values[k + 1])
    return TableCell(
        values=(orders,), text=f"{orders}: {values[k]} at {k} ones, {values[k + 1]} at {k + 1}"
    )
