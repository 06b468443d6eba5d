"""Rounding errors of LogAvgExp by formula, precision and temperature."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.report.chart import Chart
from poolbench.report.operators.precision import precision_charts, precision_tables
from poolbench.report.table import Table

TEMPERATURES = tuple(2.0**power for power in range(11))


def precision(temperatures: Sequence[float], side_px: int) -> tuple[list[Table], list[Chart]]:
    """Return the errors of LogAvgExp by formula, precision and temperature.

    The maps are 256, of standard normal values; the reference is the stable formula in float64.

    Args:
        temperatures: Each positive and finite; empty for the powers of 2 from 1 to 1024.
        side_px: Height and width of the maps, at least 2.

    Returns:
        A table and a chart for each of: the values, their derivatives with respect to the
        elements, and their derivative with respect to log t.

    Raises:
        BadInput: A temperature is not positive and finite.
    """
    from poolbench.probes.precision import measure_precision

    found = measure_precision(sorted(set(temperatures)) or TEMPERATURES, side_px)
    return precision_tables(found), precision_charts(found)
