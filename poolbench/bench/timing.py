"""Cells with the times of a pass, and their ratio to a reference with its interval."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from poolbench.report.table import Column, TableCell

CONFIDENCE = 0.95


def pass_columns(pass_: str, reference: str) -> tuple[Column, Column]:
    """Return the columns of :func:`pass_cells`."""
    stem = pass_.replace(" ", "_")
    return (
        Column(title=f"{pass_}, ms", fields=(f"{stem}_s", f"{stem}_low_s", f"{stem}_high_s")),
        Column(
            title=f"x {reference}",
            fields=(f"{stem}_ratio", f"{stem}_ratio_low", f"{stem}_ratio_high", f"{stem}_verdict"),
        ),
    )


def pass_cells(
    times: Mapping[str, list[float]], pass_: str, name: str, reference: str
) -> tuple[TableCell, TableCell]:
    """Return a contender's time, and its ratio to the reference's, round by round.

    Args:
        times: Times of a race with contenders named ``PASS NAME``.
        pass_: The pass, such as ``forward``.
        name: The contender.
        reference: The contender whose time it is divided by.
    """
    seconds, standard = times[f"{pass_} {name}"], times[f"{pass_} {reference}"]
    middle, low, high = statistics.median(seconds), min(seconds), max(seconds)
    shown = TableCell(
        values=(middle, low, high), text=f"{1e3 * middle:.3g} [{1e3 * low:.3g}, {1e3 * high:.3g}]"
    )
    if name == reference:
        return shown, TableCell(values=(1.0, None, None, "reference"), text="reference")
    ratios = [a / b for a, b in zip(seconds, standard, strict=True)]
    low, high = median_interval(ratios)
    verdict = "slower" if low > 1 else "faster" if high < 1 else "within noise"
    middle = statistics.median(ratios)
    return shown, TableCell(
        values=(middle, low, high, verdict),
        text=f"{middle:.3f} [{low:.3f}, {high:.3f}] {verdict}",
    )


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the distribution-free interval of a median.

    Args:
        values: At least 7 values: fewer cannot reach a confidence of 95 % on both sides.
    """
    from scipy.stats import quantile_test

    interval = quantile_test(values, q=1.0, p=0.5).confidence_interval(CONFIDENCE)
    return float(interval.low), float(interval.high)
