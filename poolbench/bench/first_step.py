"""A worker's work up to its first training step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import torch

from poolbench.core.cell import Cell
from poolbench.core.document import read_as
from poolbench.runtime.cell import network_for, training_for
from poolbench.runtime.data_cache import DataCache
from poolbench.runtime.process import configured


def first_step(cell_file: Path) -> NoReturn:
    """Train the cell described by a file for one step, and end the process at once."""
    cell = read_as(Cell, cell_file.read_bytes())
    device = torch.device("cpu")
    with configured("cpu", 1):
        splits = DataCache(None, device).splits(cell.data)
        training = training_for(cell, splits, network_for(cell, splits, device), device)
        training.run(should_stop=lambda: True)
    os._exit(0)
