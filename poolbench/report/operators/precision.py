"""What LogAvgExp loses by formula, precision and temperature, as tables and charts."""

from __future__ import annotations

from collections.abc import Mapping

from poolbench.core.precision import PrecisionErrors, Quantity
from poolbench.report.chart import Axis, Chart, Curve, Curves
from poolbench.report.table import Column, Table, TableCell

_QUANTITIES: Mapping[Quantity, tuple[str, str]] = {
    "value": (
        "values",
        "root mean square error over the standard deviation of the true values",
    ),
    "derivative": (
        "derivatives by the elements",
        "root mean square error over that of calling all derivatives 1/n",
    ),
    "slope": (
        "derivative by log t",
        "root mean square error over the root mean square of the true derivative",
    ),
}


def precision_tables(found: PrecisionErrors) -> list[Table]:
    """Return the errors of each way to calculate LogAvgExp, a table for each quantity.

    Args:
        found: The errors.
    """
    return [
        Table(
            title=_title(quantity),
            columns=(
                Column(title="t", fields=("temperature",)),
                *(
                    Column(
                        title=f"{way.formula} {way.dtype}", fields=(f"{way.formula}_{way.dtype}",)
                    )
                    for way in found.ways
                ),
            ),
            rows=tuple(
                (
                    TableCell(values=(temperature,), text=f"{temperature:g}"),
                    *(_error_cell(way.errors[quantity][row]) for way in found.ways),
                )
                for row, temperature in enumerate(found.temperatures)
            ),
            notes=(
                f"{_measured(quantity, found)}; ! where nothing is left: 1 or more",
                "textbook: every step of t (log sum exp(z/t) - log n) in that precision; stable: "
                "the operator lae on maps of that precision",
            ),
        )
        for quantity in _QUANTITIES
    ]


def precision_charts(found: PrecisionErrors) -> list[Chart]:
    """Return the same as curves over temperature; the way held to be true has none.

    Args:
        found: The errors.
    """
    return [
        Curves(
            name=f"precision-{quantity}",
            title=_title(quantity),
            caption=f"{_measured(quantity, found)}.",
            x=Axis(label="temperature t", scale="log2"),
            y=Axis(label="error", scale="log", marks=((1.0, "nothing left"),)),
            curves=tuple(
                Curve(
                    label=f"{way.formula} {way.dtype}",
                    x=found.temperatures,
                    y=way.errors[quantity],
                )
                for way in found.ways[:-1]
            ),
        )
        for quantity in _QUANTITIES
    ]


def _title(quantity: Quantity) -> str:
    what, _ = _QUANTITIES[quantity]
    return f"error of LogAvgExp's {what}, in units of what there is to tell apart"


def _measured(quantity: Quantity, found: PrecisionErrors) -> str:
    _, measure = _QUANTITIES[quantity]
    return f"{found.maps} maps of {found.side_px} x {found.side_px} values; {measure}"


def _error_cell(error: float) -> TableCell:
    is_lost = not error < 1
    return TableCell(
        values=(error,), text=f"{error:.1e}".replace("-", "−"), is_bold=is_lost,
        mark="!" if is_lost else "",
    )  # fmt: skip
