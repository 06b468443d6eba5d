"""The machines and versions that a study ran on."""

from __future__ import annotations

from collections.abc import Mapping

from poolbench.core.record import Run
from poolbench.report.number_format import NOTHING
from poolbench.report.table import Column, Table, text_cell

# Facts that a result may depend on besides its cell, in display order.
_MACHINE = (
    "device", "gpu", "cpu", "cpu_capability", "pooling_kernels", "threads", "torch", "poolbench",
    "python", "platform",
)  # fmt: skip
_MIXED = "mixed environments: results may differ in bits, and so accuracies within noise"


def environments_table(runs: Mapping[str, Run]) -> Table:
    """Return the table of machines with their versions and their number of runs.

    Args:
        runs: Runs by cell id.
    """
    seen: dict[tuple[str, ...], int] = {}
    for run in runs.values():
        machine = tuple(str(run.environment.get(key) or NOTHING) for key in _MACHINE)
        seen[machine] = seen.get(machine, 0) + 1
    return Table(
        title="machines and versions",
        columns=(
            Column(title="runs", fields=("runs",)),
            *(Column(title=key, fields=(key,), is_text=True) for key in _MACHINE),
        ),
        rows=tuple(
            tuple(text_cell(text) for text in (str(count), *machine))
            for machine, count in seen.items()
        ),
        notes=(_MIXED,) if len(seen) > 1 else (),
    )
