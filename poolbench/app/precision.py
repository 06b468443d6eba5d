"""What each formula of LogAvgExp loses in each precision, over temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from poolbench.operators.create import create
from poolbench.report.chart import Axis, Chart, Curve, Curves
from poolbench.report.table import Column, Table, TableCell

TEMPERATURES = tuple(2.0**power for power in range(11))
_WAYS = tuple(
    (formula, dtype)
    for formula in ("textbook", "stable")
    for dtype in ("float16", "float32", "float64")
)
_MAPS = 256
_QUANTITIES = {
    "value": "values",
    "derivative": "derivatives by the elements",
    "slope": "derivative by log t",
}


@dataclass(frozen=True, kw_only=True)
class _Pooled:
    value: Tensor
    derivative: Tensor
    slope: Tensor


def precision(temperatures: Sequence[float], side_px: int) -> tuple[list[Table], list[Chart]]:
    """Return the errors of LogAvgExp by formula, precision and temperature.

    On 256 maps of standard normal values, against the stable formula on float64 maps.

    Args:
        temperatures: Rising, each above 0; empty for the powers of 2 from 1 to 1024.
        side_px: Height and width of the maps, at least 2.

    Returns:
        A table and a chart each for values, derivatives by the elements, and derivative by log t.

    Raises:
        BadInput: A temperature that is not positive and finite.
    """
    chosen = sorted(set(temperatures)) or TEMPERATURES
    generator = torch.Generator().manual_seed(0)
    # Rounded once, so that float16 is not charged for values it was never given.
    maps = torch.randn(1, _MAPS, side_px, side_px, generator=generator).half().double()
    errors = {
        (temperature, way): _errors(maps, temperature, *way)
        for temperature in chosen
        for way in _WAYS
    }
    parts = [
        _show(quantity, errors, chosen, f"{_MAPS} maps of {side_px} x {side_px} values")
        for quantity in _QUANTITIES
    ]
    return [table for table, _ in parts], [chart for _, chart in parts]


def _errors(maps: Tensor, temperature: float, formula: str, dtype: str) -> dict[str, float]:
    truth = _pool(maps, temperature, "stable", "float64")
    found = _pool(maps, temperature, formula, dtype)
    spreads = {
        "value": truth.value.std(),
        "derivative": (truth.derivative - 1 / maps[0, 0].numel()).square().mean().sqrt(),
        "slope": truth.slope.square().mean().sqrt(),
    }
    return {
        name: float((getattr(found, name) - getattr(truth, name)).square().mean().sqrt() / spread)
        for name, spread in spreads.items()
    }


def _pool(maps: Tensor, temperature: float, formula: str, dtype: str) -> _Pooled:
    operator = create(
        "lae-precision",
        temperature=temperature,
        learn="channel",
        channels=maps.shape[1],
        dtype=dtype,
        formula=formula,
    ).double()
    leaf = maps.clone().requires_grad_()
    value = operator(leaf)
    derivative, slope = torch.autograd.grad(value.sum(), (leaf, *operator.parameters()))
    return _Pooled(value=value.detach(), derivative=derivative, slope=slope)


def _show(
    quantity: str,
    errors: dict[tuple[float, tuple[str, str]], dict[str, float]],
    temperatures: Sequence[float],
    what: str,
) -> tuple[Table, Chart]:
    title = f"error of LogAvgExp's {_QUANTITIES[quantity]}, in units of what there is to tell apart"
    measures = {
        "value": "root mean square error over the standard deviation of the true values",
        "derivative": "root mean square error over that of calling all derivatives 1/n",
        "slope": "root mean square error over the root mean square of the true derivative",
    }
    table = Table(
        title=title,
        columns=(
            Column(title="t", fields=("temperature",)),
            *(Column(title=f"{f} {d}", fields=(f"{f}_{d}",)) for f, d in _WAYS),
        ),
        rows=tuple(
            (
                TableCell(values=(temperature,), text=f"{temperature:g}"),
                *(_error_cell(errors[temperature, way][quantity]) for way in _WAYS),
            )
            for temperature in temperatures
        ),
        notes=(
            f"{what}; {measures[quantity]}; ! where nothing is left: 1 or more",
            "textbook: every step of t (log sum exp(z/t) - log n) in that precision; stable: the "
            "operator lae on maps of that precision",
        ),
    )
    chart = Curves(
        name=f"precision-{quantity}",
        title=title,
        caption=f"{what}; {measures[quantity]}.",
        x=Axis(label="temperature t", scale="log2"),
        y=Axis(label="error", scale="log", marks=((1.0, "nothing left"),)),
        curves=tuple(
            Curve(
                label=" ".join(way),
                x=tuple(temperatures),
                y=tuple(errors[temperature, way][quantity] for temperature in temperatures),
            )
            for way in _WAYS
            if way != ("stable", "float64")
        ),
    )
    return table, chart


def _error_cell(error: float) -> TableCell:
    is_lost = not error < 1
    return TableCell(
        values=(error,), text=f"{error:.1e}".replace("-", "−"), is_bold=is_lost,
        mark="!" if is_lost else "",
    )  # fmt: skip
