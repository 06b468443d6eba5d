"""What a device can do at best, as a table."""

from __future__ import annotations

from poolbench.core.benchmarks import Conditions, DeviceRates
from poolbench.report.benchmarks.cells import NO_SPREAD, spread
from poolbench.report.table import Column, Table, text_cell


def device_table(rates: DeviceRates, conditions: Conditions) -> Table:
    """Return the bandwidth of a copy, and the rates of matrix products and convolutions.

    Args:
        rates: What was measured.
        conditions: How.
    """
    return Table(
        title=f"what the device can do, {conditions.threads} threads, {conditions.device}",
        columns=(
            Column(title="work", fields=("work",), is_text=True),
            Column(title="GB/s", fields=("bytes_per_s", "bytes_per_s_low", "bytes_per_s_high")),
            Column(title="TFLOP/s", fields=("flops_per_s", "flops_per_s_low", "flops_per_s_high")),
        ),
        rows=(
            (
                text_cell(f"copy_ of {rates.copy_mib} MiB"),
                spread(rates.bytes_per_s, ",.0f", 1e-9),
                NO_SPREAD,
            ),
            *(
                (text_cell(name), NO_SPREAD, spread(flops_per_s, ",.3g", 1e-12))
                for name, flops_per_s in rates.flops_per_s.items()
            ),
        ),
        notes=(
            f"{conditions.rounds} rounds, order drawn anew each round; median [least, largest]",
            "GB/s: bytes read and written; TFLOP/s: products and sums, of normal random numbers",
            f"of the 3x3 convolutions of {rates.batch_size} images the fastest of each precision",
            conditions.surroundings,
        ),
    )
