"""How long it takes to begin: fresh processes, taking turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from poolbench.app.bench.race import Contender, race
from poolbench.report.table import Cell, Column, Table, words

PYTHON, TORCH = "python -c pass", "import torch"
_FIRST_LOSS = """
import json, sys
from pathlib import Path
import torch
from poolbench.app.cell import network_for, training_for
from poolbench.app.process import configured
from poolbench.app.shelf import DataShelf
from poolbench.core.cell import cell_from_json
cell = cell_from_json(json.loads(Path(sys.argv[1]).read_bytes()))
device = torch.device("cpu")
splits = DataShelf(None, device).splits(cell.data)
training = training_for(cell, splits, network_for(cell, splits, device), device)
with configured("cpu", 1):
    training.run(should_stop=lambda: True)
"""


def bench_startup(rounds: int) -> Table:
    """Return how long commands take to begin, beside what Python and torch take themselves.

    Args:
        rounds: Fresh processes of each, at least 3.

    Raises:
        EnvironmentFault: The smoke suite cannot be trained here.
    """
    from poolbench.app.api import load_suite, train
    from poolbench.store.documents import to_bytes

    with tempfile.TemporaryDirectory() as folder:
        store, cell = Path(folder) / "runs", Path(folder) / "cell.json"
        suite = load_suite("smoke")
        train(suite, store=store)
        cell.write_bytes(to_bytes(suite.cells[0].to_json()))
        program = [sys.executable, "-m", "poolbench"]
        commands = {
            PYTHON: [sys.executable, "-c", "pass"],
            TORCH: [sys.executable, "-c", "import torch"],
            "poolbench --help": [*program, "--help"],
            "poolbench plan smoke": [*program, "plan", "smoke", "--store", str(store)],
            "poolbench train smoke, finished": [*program, "train", "smoke", "--store", str(store)],
            "first training step of a worker": [sys.executable, "-c", _FIRST_LOSS, str(cell)],
        }
        times = race([_contender(name, words) for name, words in commands.items()], rounds)
    return _table(times, rounds)


def _contender(name: str, command: Sequence[str]) -> Contender:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def run() -> None:
        subprocess.run(command, check=True, capture_output=True, env=environment)  # noqa: S603

    return Contender(name=name, run=run, images=1)


def _table(times: Mapping[str, list[float]], rounds: int) -> Table:
    return Table(
        title="start-up: fresh processes in turn",
        columns=(
            Column(title="process", fields=("process",), is_text=True),
            Column(title="seconds", fields=("duration_s", "duration_low_s", "duration_high_s")),
            Column(title="above python, s", fields=("above_python_s",)),
            Column(title="x import torch", fields=("ratio_to_torch",)),
        ),
        rows=tuple(
            (
                words(name),
                _seconds(seconds),
                _median([s - p for s, p in zip(seconds, times[PYTHON], strict=True)]),
                _median([s / t for s, t in zip(seconds, times[TORCH], strict=True)]),
            )
            for name, seconds in times.items()
        ),
        notes=(
            f"median [lowest, highest] of {rounds} rounds; differences and ratios are taken within "
            "a round, then their median",
        ),
    )


def _seconds(values: Sequence[float]) -> Cell:
    middle, low, high = statistics.median(values), min(values), max(values)
    return Cell(values=(middle, low, high), text=f"{middle:.2f} [{low:.2f}, {high:.2f}]")


def _median(values: Sequence[float]) -> Cell:
    middle = statistics.median(values)
    return Cell(values=(middle,), text=f"{middle:.2f}")
