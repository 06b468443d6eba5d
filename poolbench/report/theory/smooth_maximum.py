"""Tables of LSE and LAE beside the max: how far they are apart, and where arithmetic breaks."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.core.theory import SmoothMaximumSettings
from poolbench.operators.functional import log_avg_exp, log_sum_exp, maximum
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.report.theory.cells import decimal
from poolbench.theory.smooth_maximum import lae_shortfall, lse_excess

_DTYPES = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}
_BELOW = (0.0, 1.0, 2.0, 3.0)
_LARGEST_OFFSET = 60_000
_MOST_ELEMENTS = 100_000_000


def smooth_maximum_tables(settings: SmoothMaximumSettings) -> list[Table]:
    """Return the error table over t and n, and the table of over- and underflow.

    Args:
        settings: Which.

    Raises:
        BadInput: A number is out of range.
    """
    if settings.samples < 1:
        raise BadInput(f"samples is {settings.samples}", "draw at least one: --samples 1000")
    for offset in settings.offsets:
        if not abs(offset) <= _LARGEST_OFFSET:
            raise BadInput(
                f"offset is {offset:g}",
                f"choose from -{_LARGEST_OFFSET} to {_LARGEST_OFFSET}: float16 ends at 65504",
            )
    return [_error_table(settings), _range_table(settings)]


def _error_table(settings: SmoothMaximumSettings) -> Table:
    rows = []
    for n in settings.n:
        if n * settings.samples > _MOST_ELEMENTS:
            raise BadInput(
                f"{settings.samples:,} windows of {n:,} elements do not fit",
                "choose fewer: --samples 100",
            )
        bounds = [(t, lse_excess(n, t), lae_shortfall(n, t)) for t in settings.t]
        windows = _windows(n, settings.samples, settings.seed)
        peak = maximum(windows)
        for t, bound, shortfall in bounds:
            log_t = torch.tensor([math.log(t)], dtype=torch.float64)
            excess = (log_sum_exp(windows, log_t) - peak).flatten()
            below = (peak - log_avg_exp(windows, log_t)).flatten()
            rows.append(
                (
                    TableCell(values=(n,), text=f"{n:,}"),
                    decimal(t),
                    decimal(bound),
                    decimal(float(excess.max())),
                    decimal(float(excess[2:].mean())),
                    decimal(shortfall),
                    decimal(float(below.max())),
                    decimal(float(below[2:].mean())),
                )
            )
    return Table(
        title="LSE and LAE of n elements in [0, 1] against their max",
        columns=(
            Column(title="n", fields=("n",)),
            Column(title="t", fields=("t",)),
            Column(title="LSE − max, bound t log n", fields=("lse_bound",)),
            Column(title="largest", fields=("lse_largest",)),
            Column(title="mean", fields=("lse_mean",)),
            Column(title="max − LAE, bound", fields=("lae_bound",)),
            Column(title="largest ", fields=("lae_largest",)),
            Column(title="mean ", fields=("lae_mean",)),
        ),
        rows=tuple(rows),
        notes=(
            "bound of max - LAE: t log(n / (1 + (n-1) exp(-1/t))), of a single 1 among zeros",
            f"largest: over the two worst windows and {settings.samples:,} uniform ones, seed "
            f"{settings.seed}, as the operators lse and lae pool them in float64; mean: over the "
            "uniform ones",
        ),
    )


def _windows(n: int, samples: int, seed: int) -> Tensor:
    """Return a constant window, a single 1 among zeros, and random ones: ``(.., 1, 1, n)``."""
    generator = torch.Generator().manual_seed(seed)
    random = torch.rand(samples, n, dtype=torch.float64, generator=generator)
    constant = torch.full((1, n), 0.5, dtype=torch.float64)
    single = torch.eye(1, n, dtype=torch.float64)
    return torch.cat([constant, single, random]).view(-1, 1, 1, n)


def _range_table(settings: SmoothMaximumSettings) -> Table:
    rows = []
    for dtype in _DTYPES:
        for offset in settings.offsets:
            z = np.array([offset - below for below in _BELOW], dtype=dtype)
            exact = offset + math.log(math.fsum(math.exp(-below) for below in _BELOW))
            tensor = torch.from_numpy(z).view(1, 1, 1, -1)
            zero = torch.zeros(1, dtype=torch.float32)
            rows.append(
                (
                    text_cell(dtype),
                    decimal(offset),
                    decimal(exact),
                    _value(_textbook(z), exact),
                    _value(_shifted(z), exact),
                    _value(float(log_sum_exp(tensor, zero)), exact),
                )
            )
    return Table(
        title="LSE of x, x-1, x-2, x-3 at t = 1, with and without the shift by the max",
        columns=(
            Column(title="arithmetic", fields=("dtype",), is_text=True),
            Column(title="x", fields=("x",)),
            Column(title="exact", fields=("exact",)),
            Column(title="log sum exp", fields=("textbook", "textbook_error")),
            Column(title="shifted", fields=("shifted", "shifted_error")),
            Column(title="operator lse", fields=("operator", "operator_error")),
        ),
        rows=tuple(rows),
        notes=(
            "log sum exp: every step as written, in that arithmetic; shifted: max + log sum "
            "exp(z - max), likewise",
            "exp overflows above 11.09 in float16, 88.72 in float32 and 709.8 in float64",
        ),
    )


def _textbook(z: NDArray[np.floating]) -> float:
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        return float(np.log(np.exp(z).sum(dtype=z.dtype)))


def _shifted(z: NDArray[np.floating]) -> float:
    peak = z.max()
    return float(peak + np.log(np.exp(z - peak).sum(dtype=z.dtype)))


def _value(value: float, exact: float) -> TableCell:
    error = abs(value - exact)
    if math.isinf(value):
        return TableCell(
            values=(value, error), text="overflow: ∞" if value > 0 else "underflow: −∞"
        )
    return TableCell(values=(value, error), text=f"{value:.6g} ± {error:.1g}")
