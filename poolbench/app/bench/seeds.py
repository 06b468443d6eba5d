"""The benchmark of many seeds: how best to keep all cores busy, with the same bits either way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, replace
from queue import SimpleQueue
from typing import Self

import torch

from poolbench.app.bench.race import Contender, machine, race, rate_table
from poolbench.app.bench.seeds_worker import SeedsJob
from poolbench.app.bench.user_loop import IN_WORDS
from poolbench.engines.local import worker_environment
from poolbench.report.table import Table

_WORKERS, _IN_TURN, _USER = (
    "a single-threaded worker a core",
    "one process, all threads",
    "a user's loop, all threads",
)


def bench_seeds(
    model: str,
    *,
    seeds: int,
    batch_size: int,
    steps: int,
    rounds: int,
    cores: int,
    precision: str,
) -> Table:
    """Compare ways to train one network from many seeds on the CPU.

    Processes are started before the race and kept, as workers are over the cells of a study.

    Args:
        model: A network of the catalogue.
        seeds: How many.
        batch_size: Images a step.
        steps: Of each seed.
        rounds: Turns of each way.
        cores: Workers of one thread, against one process of so many threads.
        precision: ``fp32`` or ``bf16``, of all but the user's loop.

    Raises:
        RuntimeError: A process died, or a seed trained beside others is not what it is alone.
    """
    wide = SeedsJob(
        model=model,
        batch_size=batch_size,
        steps=steps,
        precision=precision,
        threads=cores,
        by_user=False,
    )
    narrow = replace(wide, threads=1)
    numbers = range(seeds)
    with ExitStack() as stack:
        workers = [stack.enter_context(_Process(narrow)) for _ in range(cores)]
        one = stack.enter_context(_Process(wide))
        user = stack.enter_context(_Process(replace(wide, by_user=True)))
        alone = _train(workers[:1], numbers)

        def beside_others() -> None:
            if _train(workers, numbers) != alone:
                raise RuntimeError("a seed trained beside others differs from the same seed alone")

        rivals = {
            _WORKERS: beside_others,
            _IN_TURN: lambda: _train([one], numbers),
            _USER: lambda: _train([user], numbers),
        }
        images = seeds * steps * batch_size
        times = race(
            [Contender(name=name, run=run, images=images) for name, run in rivals.items()], rounds
        )
    return rate_table(
        f"{seeds} seeds of {model}, batch {batch_size}, {precision}, {cores} cores",
        times,
        reference=_USER,
        notes=(
            f"{rounds} rounds of {seeds} seeds of {steps} steps, order drawn anew each round; "
            "median and range, by the clock on the wall",
            "ratio: the row's images/s of the user's loop's, round by round",
            f"each of {seeds} seeds ends with the same bits beside the others and alone, in every "
            "round",
            IN_WORDS,
            machine(torch.device("cpu")),
        ),
    )


def _train(processes: Sequence[_Process], seeds: Sequence[int]) -> list[str]:
    """Return the digest of each seed's weights; a process takes the next seed when it is free."""
    with ThreadPoolExecutor(len(processes)) as pool:
        free: SimpleQueue[_Process] = SimpleQueue()
        for process in processes:
            free.put(process)

        def train(seed: int) -> str:
            process = free.get()
            try:
                return process.train(seed)
            finally:
                free.put(process)

        return list(pool.map(train, seeds))


class _Process:
    """A process that trains the seeds it is told to; within a ``with`` block."""

    def __init__(self, job: SeedsJob) -> None:
        command = [sys.executable, "-m", "poolbench.app.bench.seeds_worker"]
        # A user sets no allocator, only what torch does by itself.
        count = {"OMP_NUM_THREADS": str(job.threads), "MKL_NUM_THREADS": str(job.threads)}
        self._process = subprocess.Popen(  # noqa: S603 - our own worker
            [*command, json.dumps(asdict(job))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **count}
            if job.by_user
            else worker_environment(os.environ, job.threads),
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its standard input, which ends it

    def train(self, seed: int) -> str:
        """Return the digest of a seed's weights.

        Raises:
            RuntimeError: The process died.
        """
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018
        self._process.stdin.write(f"{seed}\n")
        self._process.stdin.flush()
        digest = self._process.stdout.readline().strip()
        if not digest:
            raise RuntimeError(f"a process of the benchmark died at seed {seed}")
        return digest
