"""Rounding errors of LogAvgExp by formula, precision and temperature."""

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
        "derivatives with respect to the elements",
        "root mean square error over that of setting all derivatives to 1/n",
    ),
    "slope": (
        "derivative with respect to log t",
        "root mean square error over the root mean square of the true derivative",
    ),
}


def precision_tables(found: PrecisionErrors) -> list[Table]:
    """Return the errors of each way to calculate LogAvgExp, a table for each quantity.

    Args:
        found: The errors to show.
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
                f"{_measured(quantity, found)}; !: 1 or more, no information is left",
                "textbook: every step of t (log sum exp(z/t) - log n) in that precision; stable: "
                "the operator lae on maps of that precision",
            ),
        )
        for quantity in _QUANTITIES
    ]


def precision_charts(found: PrecisionErrors) -> list[Chart]:
    """Return the same errors as curves over temperature, without the reference.

    Args:
        found: The errors to show.
    """
    return [
        Curves(
            name=f"precision-{quantity}",
            title=_title(quantity),
            caption=f"{_measured(quantity, found)}.",
            x=Axis(label="temperature t", scale="log2"),
            y=Axis(label="error", scale="log", marks=((1.0, "no information"),)),
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
    return f"relative error of LogAvgExp's {what}"


def _measured(quantity: Quantity, found: PrecisionErrors) -> str:
    _, measure = _QUANTITIES[quantity]
    return f"{found.maps} maps of {found.side_px} x {found.side_px} values; {measure}"


def _error_cell(error: float) -> TableCell:
    is_lost = not error < 1
    return TableCell(
        values=(error,), text=f"{error:.1e}".replace("-", "−"), is_bold=is_lost,
        mark="!" if is_lost else "",
    )  # fmt: skip
