"""The machines and versions that the runs of a study come from."""

from __future__ import annotations

from collections.abc import Mapping

from poolbench.core.record import Run
from poolbench.report.number_format import NOTHING
from poolbench.report.table import Column, Table, text_cell

# What a result may depend on beside its cell, in the order it is shown.
_MACHINE = (
    "device", "gpu", "cpu", "cpu_capability", "pooling_kernels", "threads", "torch", "poolbench",
    "python", "platform",
)  # fmt: skip
_MIXED = "mixed environment: bits, and so accuracies within noise, may depend on it"


def environments_table(runs: Mapping[str, Run]) -> Table:
    """Return each machine with its versions once, and how many runs come from it.

    Args:
        runs: Cell id to run.
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
