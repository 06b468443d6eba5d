"""The benchmark of many seeds: ways to keep a machine busy, with bit-identical results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import Self

import torch

from poolbench.bench.race import Contender, machine, race
from poolbench.bench.seeds_worker import SeedsJob
from poolbench.bench.stopwatch import wall
from poolbench.bench.user_loop import DESCRIPTION
from poolbench.core.cell import Precision
from poolbench.engines.local import worker_environment
from poolbench.report.benchmarks.rates import rate_table
from poolbench.report.table import Table

_CPU = torch.device("cpu")
_USER = "a user's loop, all threads"


@dataclass(frozen=True, kw_only=True)
class _Way:
    """A way to train many seeds.

    Args:
        processes: Processes; each takes the next seed when it is free.
        has_one_outcome: Whether the result of a seed has to be bit-identical to running alone.
    """

    processes: Sequence[_Process]
    has_one_outcome: bool = False


def bench_seeds(
    model: str,
    *,
    seeds: int,
    batch_size: int,
    steps: int,
    rounds: int,
    cores: int,
    precision: Precision,
    device: torch.device = _CPU,
    jobs: int = 1,
) -> Table:
    """Compare ways to train one network with many seeds.

    Processes are started before the race and kept, like workers for the cells of a study.

    Args:
        model: A network of the catalogue.
        seeds: Number of seeds.
        batch_size: Images per step.
        steps: Steps per seed.
        rounds: Rounds to measure.
        cores: Number of single-threaded workers on the CPU, against one process with as many
            threads.
        precision: Precision of all but the user's loop.
        device: Device to measure on.
        jobs: Parallel workers on a GPU, against one worker.

    Raises:
        RuntimeError: A process died, or a seed's result in parallel differs from running alone.
    """
    alone = SeedsJob(
        model=model,
        batch_size=batch_size,
        steps=steps,
        precision=precision,
        threads=1,
        by_user=False,
        device=str(device),
    )
    numbers = range(seeds)
    with ExitStack() as stack:

        def start(job: SeedsJob, count: int = 1) -> list[_Process]:
            return [stack.enter_context(_Process(job)) for _ in range(count)]

        ways = _on_cpu(alone, cores, start) if device == _CPU else _on_gpu(alone, jobs, start)
        ways[_USER] = _Way(processes=start(replace(alone, threads=cores, by_user=True)))
        digests = _train(next(iter(ways.values())).processes[:1], numbers)

        def train(name: str) -> None:
            if _train(ways[name].processes, numbers) != digests and ways[name].has_one_outcome:
                raise RuntimeError(f"{name}: a seed gives other bits in parallel than alone")

        images = seeds * steps * batch_size
        times = race(
            [Contender(name=name, run=partial(train, name), images=images) for name in ways],
            rounds,
            wall,
        )
    width = f"{cores} cores" if device == _CPU else f"{jobs} workers, {device}"
    return rate_table(
        f"{seeds} seeds of {model}, batch {batch_size}, {precision}, {width}",
        times,
        reference=_USER,
        notes=(
            f"{rounds} rounds of {seeds} seeds of {steps} steps, new random order each round; "
            "median and range, wall-clock time",
            "ratio: the row's images/s over the user's loop's, round by round",
            f"each of {seeds} seeds ends with the same bits in parallel and alone, in every "
            f"round{'' if device == _CPU else ', eager and captured'}",
            DESCRIPTION,
            machine(device),
        ),
    )


_Start = Callable[..., list["_Process"]]


def _on_cpu(alone: SeedsJob, cores: int, start: _Start) -> dict[str, _Way]:
    return {
        "a single-threaded worker per core": _Way(
            processes=start(alone, cores), has_one_outcome=True
        ),
        "one process, all threads": _Way(processes=start(replace(alone, threads=cores))),
    }


def _on_gpu(alone: SeedsJob, jobs: int, start: _Start) -> dict[str, _Way]:
    ways = {}
    for step in ("eager", "captured"):
        workers = start(replace(alone, captured=step == "captured"), jobs)
        ways[f"{jobs} workers at once, {step} step"] = _Way(processes=workers, has_one_outcome=True)
        ways[f"one worker, {step} step"] = _Way(processes=workers[:1], has_one_outcome=True)
    return ways


def _train(processes: Sequence[_Process], seeds: Sequence[int]) -> list[str]:
    """Return the digest of each seed's weights; a free process takes the next seed."""
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
    """A process that trains seeds on request, in a ``with`` block."""

    def __init__(self, job: SeedsJob) -> None:
        command = [sys.executable, "-m", "poolbench.bench.seeds_worker"]
        # A user has torch's default allocator settings.
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
