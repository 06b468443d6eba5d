"""What each formula of LogAvgExp loses in each precision, over temperatures."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.report.chart import Chart
from poolbench.report.operators.precision import precision_charts, precision_tables
from poolbench.report.table import Table

TEMPERATURES = tuple(2.0**power for power in range(11))


def precision(temperatures: Sequence[float], side_px: int) -> tuple[list[Table], list[Chart]]:
    """Return the errors of LogAvgExp by formula, precision and temperature.

    On 256 maps of standard normal values, against the stable formula on float64 maps.

    Args:
        temperatures: Each above 0; empty for the powers of 2 from 1 to 1024.
        side_px: Height and width of the maps, at least 2.

    Returns:
        A table and a chart each for values, derivatives by the elements, and derivative by log t.

    Raises:
        BadInput: A temperature that is not positive and finite.
    """
    from poolbench.probes.precision import measure_precision

    found = measure_precision(sorted(set(temperatures)) or TEMPERATURES, side_px)
    return precision_tables(found), precision_charts(found)
