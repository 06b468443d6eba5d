"""What a plan still takes: cells, GPUs or workers, hours, disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from poolbench.core.cell import Cell
from poolbench.core.cell_cost import CellCost
from poolbench.core.counted import counted
from poolbench.report.number_format import byte_size, duration
from poolbench.stats.makespan import makespan_s

_LOCAL = ("", "local", "inline")
_CPU = "cpu"


def about_effort(
    cells: Sequence[Cell],
    costs: Mapping[str, CellCost],
    devices: Sequence[str],
    *,
    free_bytes: float | None = None,
    engine: str = "",
) -> Iterator[str]:
    """Say what the cells without a result take, or that nobody knows.

    Args:
        cells: The cells without a result.
        costs: Cost of a cell by condition, where known.
        devices: Device of each worker, at least one.
        free_bytes: Free space on the store's disk, in bytes; ``None`` if it is unknown.
        engine: Where the workers run; empty for this machine.
    """
    if not cells:
        yield "Nothing to train: every cell has a result."
        return
    known = [costs[cell.condition] for cell in cells if cell.condition in costs]
    yield " ".join(
        [
            f"To train: {_where(len(cells), devices, engine)}"
            + _how_long(len(cells), known, devices, engine, free_bytes),
            *_idle(len(cells), devices, engine),
            *_timed_elsewhere(known, devices),
        ]
    )


def _where(cells: int, devices: Sequence[str], engine: str) -> str:
    runs = counted(cells, "cell")
    if engine not in _LOCAL:
        return f"{runs} with the engine {engine}, which decides how many run at once"
    gpus = len(set(devices))
    if devices[0] == _CPU:
        return f"{runs} with {counted(len(devices), 'worker')} on cpu"
    each = "one" if len(devices) <= gpus else f"up to {-(-len(devices) // gpus)}"
    return f"{runs} on {counted(gpus, 'GPU')}, {each} at a time{' on each' if gpus > 1 else ''}"


def _how_long(
    cells: int,
    known: Sequence[CellCost],
    devices: Sequence[str],
    engine: str,
    free_bytes: float | None,
) -> str:
    if len(known) < cells:
        return (
            f"; time and disk are unknown for {cells - len(known)} of them: "
            "`poolbench plan --measure` times a few steps."
        )
    durations_s = [cost.duration_s for cost in known]
    total = duration(sum(durations_s))
    free = "" if free_bytes is None else f" of {byte_size(free_bytes)} free"
    disk = f"{byte_size(sum(cost.size_bytes for cost in known))} of disk{free}."
    if engine not in _LOCAL:
        return f": about {total} of one worker's time and {disk}"
    # A cell cannot be split, and 5 equal ones take 2 workers as long as 6.
    wall = duration(makespan_s(durations_s, len(devices)))
    gpu_time = f" ({total} of training in all)" if len(devices) > 1 and devices[0] != _CPU else ""
    return f", about {wall}{gpu_time} and {disk}"


def _idle(cells: int, devices: Sequence[str], engine: str) -> Iterator[str]:
    idle = len(set(devices)) - cells
    if engine in _LOCAL and devices[0] != _CPU and idle > 0:
        yield (
            f"{counted(idle, 'GPU')} would be idle: a cell is trained on one, and more seeds would "
            "take no longer."
        )


def _timed_elsewhere(known: Sequence[CellCost], devices: Sequence[str]) -> Iterator[str]:
    here = kind_of(devices[0])
    elsewhere = sorted({cost.device for cost in known if cost.device not in ("", here)})
    if elsewhere:
        yield f"The times are of runs on {' and '.join(elsewhere)}, and will differ on {here}."


def kind_of(device: str) -> str:
    """Return ``cpu`` or ``cuda`` of a device's name."""
    return device.partition(":")[0]
