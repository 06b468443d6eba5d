"""Cells with times of passes and their ratios to a reference, with intervals."""

from __future__ import annotations

import statistics

from poolbench.core.benchmarks import Values
from poolbench.core.costs import Passes
from poolbench.report.benchmarks.cells import ratios, spread
from poolbench.report.table import Column, TableCell
from poolbench.stats.median import median_interval

_FORWARD, _STEP = "forward", "forward and backward"


def pass_columns(reference: str) -> tuple[Column, ...]:
    """Return the columns of :func:`pass_cells`."""
    return tuple(column for pass_ in (_FORWARD, _STEP) for column in _columns(pass_, reference))


def pass_cells(passes: Passes, reference: Passes) -> tuple[TableCell, ...]:
    """Return cells with a contender's times and their ratios to the reference's, round by round.

    Args:
        passes: Times of the contender, at least 7 rounds.
        reference: Times of the reference, which may be the contender itself.
    """
    return (
        *_cells(passes.forward_s, reference.forward_s),
        *_cells(passes.step_s, reference.step_s),
    )


def _columns(pass_: str, reference: str) -> tuple[Column, Column]:
    stem = pass_.replace(" ", "_")
    return (
        Column(title=f"{pass_}, ms", fields=(f"{stem}_s", f"{stem}_low_s", f"{stem}_high_s")),
        Column(
            title=f"x {reference}",
            fields=(f"{stem}_ratio", f"{stem}_ratio_low", f"{stem}_ratio_high", f"{stem}_verdict"),
        ),
    )


def _cells(seconds: Values, standard: Values) -> tuple[TableCell, TableCell]:
    shown = spread(seconds, ".3g", 1e3)
    if seconds is standard:  # the reference itself, not another that took as long
        return shown, TableCell(values=(1.0, None, None, "reference"), text="reference")
    over = ratios(seconds, standard)
    middle, (low, high) = statistics.median(over), median_interval(over)
    verdict = "slower" if low > 1 else "faster" if high < 1 else "within noise"
    return shown, TableCell(
        values=(middle, low, high, verdict),
        text=f"{middle:.3f} [{low:.3f}, {high:.3f}] {verdict}",
    )
