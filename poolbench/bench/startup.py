"""The startup time of fresh processes, taking turns."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from poolbench.bench.race import Contender, race
from poolbench.bench.stopwatch import wall
from poolbench.engines.api import Ended, Job, Workers
from poolbench.engines.local import LocalEngine
from poolbench.report.benchmarks.startup import startup_table
from poolbench.report.table import Table

PYTHON, TORCH = "python -c pass", "import torch"
_TARGET = "poolbench.bench.first_step:first_step"


def bench_startup(rounds: int) -> Table:
    """Return the startup times of commands and of Python and torch themselves.

    Args:
        rounds: Processes started of each, at least 3.

    Raises:
        EnvironmentFault: The smoke suite cannot be trained here.
    """
    from poolbench.app.api_studies import load_suite, train
    from poolbench.store.documents import to_bytes

    with tempfile.TemporaryDirectory() as folder, closing(_Workers(Path(folder))) as workers:
        store = Path(folder) / "runs"
        suite = load_suite("smoke")
        train(suite, store=store)
        workers.cell_file.write_bytes(to_bytes(suite.cells[0].to_json()))
        program = [sys.executable, "-m", "poolbench"]
        commands = {
            PYTHON: [sys.executable, "-c", "pass"],
            TORCH: [sys.executable, "-c", "import torch"],
            "poolbench --help": [*program, "--help"],
            "poolbench plan smoke": [*program, "plan", "smoke", "--store", str(store)],
            "poolbench train smoke, finished": [*program, "train", "smoke", "--store", str(store)],
        }
        works: dict[str, Callable[[], None]] = {
            **{name: partial(_run, command) for name, command in commands.items()},
            "first training step of a worker": workers.start_and_take_a_step,
            "first training step of the next worker": workers.take_a_step,
        }
        times = race(
            [Contender(name=n, run=run, images=1) for n, run in works.items()], rounds, wall
        )
    return startup_table(times, python=PYTHON, torch=TORCH, rounds=rounds)


def _run(command: Sequence[str]) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment)  # noqa: S603


class _Workers:
    """Workers that take one step each, started by one engine."""

    def __init__(self, folder: Path) -> None:
        self.cell_file = folder / "cell.json"
        self._job = Job(name="step", file=self.cell_file, log=folder / "step.log")
        self._engine = LocalEngine(Workers(target=_TARGET))

    def start_and_take_a_step(self) -> None:
        """Run the first worker, which waits for the imports."""
        self.close()
        self.take_a_step()

    def take_a_step(self) -> None:
        """Run another worker.

        Raises:
            RuntimeError: It failed.
        """
        self._engine.submit([self._job])
        ended: Collection[Ended] = ()
        while not ended:
            ended = self._engine.poll(1.0)
        if any(item.exit_code for item in ended):
            raise RuntimeError(f"a worker failed:\n{self._job.log.read_text()}")

    def close(self) -> None:
        """Stop the engine; the next use starts it again."""
        self._engine.stop(0.0)
