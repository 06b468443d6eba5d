"""Measuring the cost of a cell on this machine, from a few training steps."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from poolbench.core.cell import Cell
from poolbench.core.cell_cost import CellCost
from poolbench.runtime.cell import network_for, training_for
from poolbench.runtime.data_cache import DataCache
from poolbench.runtime.devices import open_device
from poolbench.training.checkpoint import pack_weights
from poolbench.training.loop import Progress

_WARM_STEPS = 2
_TIMED_STEPS = 8


def measure(cell: Cell, *, root: Path | None, device: str, threads: int) -> CellCost:
    """Return a cell's cost, from a few training steps on real data.

    Args:
        cell: The cell to measure.
        root: Folder of data sets.
        device: Device name for torch.
        threads: CPU threads.

    Raises:
        EnvironmentFault: The device or the data cannot be used.
    """
    torch.set_num_threads(threads)
    where = open_device(device)
    splits = DataCache(root, where).splits(cell.data)
    network = network_for(cell, splits, where)
    training = training_for(cell, splits, network, where)
    moments: list[float] = []

    def note(_: Progress) -> None:
        if where.type == "cuda":
            torch.cuda.synchronize(where)
        moments.append(time.perf_counter())

    wanted = _WARM_STEPS + _TIMED_STEPS
    training.run(should_stop=lambda: len(moments) >= wanted, on_progress=note)
    timed = moments[_WARM_STEPS - 1 :]
    step_s = (timed[-1] - timed[0]) / max(1, len(timed) - 1)
    image_s = step_s / min(cell.recipe.batch_size, len(splits.train.labels))
    # A forward pass is a third of a training step.
    seen = len(splits.test.labels)
    if splits.validation is not None:
        seen += len(splits.validation.labels) * cell.recipe.epochs
    trained = len(splits.train.labels) * cell.recipe.epochs
    size = len(pack_weights(network.state_dict())) + 12 * len(splits.test.labels) + 8192
    return CellCost(duration_s=image_s * (trained + seen / 3), size_bytes=size)
