"""Cells of a benchmark's tables."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from poolbench.report.table import TableCell

NO_SPREAD = TableCell(values=(None, None, None), text="")


def spread(values: Sequence[float], form: str, scale: float = 1.0) -> TableCell:
    """Return a cell with a median, and the least and the largest value.

    Args:
        values: One value per round.
        form: Format of the shown numbers, as for :func:`format`.
        scale: Factor from the values to the shown numbers; data fields keep the values.
    """
    shown = (statistics.median(values), min(values), max(values))
    middle, low, high = (f"{value * scale:{form}}" for value in shown)
    return TableCell(values=shown, text=f"{middle} [{low}, {high}]")


def median(values: Sequence[float], form: str) -> TableCell:
    """Return a cell with a median alone."""
    middle = statistics.median(values)
    return TableCell(values=(middle,), text=f"{middle:{form}}")


def ratios(values: Sequence[float], standard: Sequence[float]) -> list[float]:
    """Return the values over those of a standard, round by round, as a busy round slows both."""
    return [value / other for value, other in zip(values, standard, strict=True)]
