"""The table of a device's highest rates."""

from __future__ import annotations

from poolbench.core.benchmarks import Conditions, DeviceRates
from poolbench.core.counted import counted
from poolbench.report.benchmarks.cells import NO_SPREAD, spread
from poolbench.report.table import Column, Table, text_cell


def device_table(rates: DeviceRates, conditions: Conditions) -> Table:
    """Return the table of a copy's bandwidth and of matrix product and convolution rates.

    Args:
        rates: The measured rates.
        conditions: The conditions of the benchmark.
    """
    return Table(
        title=f"device limits, {counted(conditions.threads, 'thread')}, {conditions.device}",
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
            f"{conditions.rounds} rounds, new random order each round; median [least, largest]",
            "GB/s: bytes read and written; TFLOP/s: multiplications and additions, on normal "
            "random numbers",
            f"3x3 convolutions: of {rates.batch_size} images, the fastest in each precision",
            conditions.surroundings,
        ),
    )
