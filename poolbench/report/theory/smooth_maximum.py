"""Tables of LSE and LAE against the max: their errors, and where arithmetic overflows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from poolbench.core.smooth_maximum import ShiftedWindow, SmoothMaximumErrors, WindowErrors
from poolbench.core.theory import SmoothMaximumSettings
from poolbench.report.cells import decimal, whole
from poolbench.report.table import Column, Table, TableCell, text_cell


def smooth_maximum_tables(
    found: SmoothMaximumErrors, settings: SmoothMaximumSettings
) -> list[Table]:
    """Return the table of errors over t and n, and the table of overflow and underflow.

    Args:
        found: The errors of the operators.
        settings: The settings of the windows.
    """
    return [_error_table(found.windows, settings), _range_table(found.arithmetic)]


def _error_table(found: Sequence[WindowErrors], settings: SmoothMaximumSettings) -> Table:
    return Table(
        title="LSE and LAE of n elements in [0, 1] against the max",
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
        rows=tuple(
            (
                whole(each.n),
                decimal(each.t),
                decimal(each.lse_bound),
                decimal(each.lse_largest),
                decimal(each.lse_mean),
                decimal(each.lae_bound),
                decimal(each.lae_largest),
                decimal(each.lae_mean),
            )
            for each in found
        ),
        notes=(
            "bound of max - LAE: t log(n / (1 + (n-1) exp(-1/t))), attained by a single 1 "
            "among zeros",
            f"largest: over the two worst windows and {settings.samples:,} uniform ones, seed "
            f"{settings.seed}, as the operators lse and lae pool them in float64; mean: over the "
            "uniform ones",
        ),
    )


def _range_table(found: Sequence[ShiftedWindow]) -> Table:
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
        rows=tuple(
            (
                text_cell(each.dtype),
                decimal(each.offset),
                decimal(each.exact),
                _value(each.textbook, each.exact),
                _value(each.shifted, each.exact),
                _value(each.operator, each.exact),
            )
            for each in found
        ),
        notes=(
            "log sum exp: every step as written, in that arithmetic; shifted: max + log sum "
            "exp(z - max), in the same arithmetic",
            "exp overflows above 11.09 in float16, 88.72 in float32 and 709.8 in float64",
        ),
    )


def _value(value: float, exact: float) -> TableCell:
    error = abs(value - exact)
    if math.isinf(value):
        return TableCell(
            values=(value, error), text="overflow: ∞" if value > 0 else "underflow: −∞"
        )
    return TableCell(values=(value, error), text=f"{value:.6g} ± {error:.1g}")
