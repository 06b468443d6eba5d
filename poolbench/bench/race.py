"""A race: contenders take turns in one process, and ratios are reported.

Times on a shared machine vary severalfold; the ratio of two times measured a moment apart does not.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolbench.bench.allocator import allocator
from poolbench.bench.stopwatch import Stopwatch
from poolbench.bench.turns import wait_for_turn
from poolbench.core.benchmarks import Conditions
from poolbench.runtime.provenance import describe

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to do a piece of work.

    Args:
        name: Name for people.
        run: Does the work once.
        images: Number of images in the work.
    """

    name: str
    run: Callable[[], object]
    images: int


def race(
    contenders: Sequence[Contender],
    rounds: int,
    stopwatch: Stopwatch,
) -> Mapping[str, list[float]]:
    """Return each contender's seconds per image, round by round.

    Every round runs all of them in a new random order; one unrecorded round comes first. If
    benchmarks take turns, it waits for its own.

    Args:
        contenders: The contenders.
        rounds: Number of recorded rounds.
        stopwatch: Measures the seconds of a work.
    """
    wait_for_turn()
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    order = random.Random(0)
    for round_ in range(-1, rounds):
        for contender in order.sample(contenders, len(contenders)):
            seconds = stopwatch(contender.run)
            if round_ >= 0:
                times[contender.name].append(seconds / contender.images)
    return times


def machine(device: torch.device) -> str:
    """Return a note on the machine of a race and its load, for a table."""
    facts = describe(device)
    where = f"{facts['cpu']}, torch {facts['torch']}, gpu {facts['gpu']}"
    return f"{where}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def surroundings(device: torch.device) -> str:
    """Return a note on the machine and allocator of a race in this process."""
    return f"{machine(device)}; {allocator()}"


def conditions(rounds: int, threads: int, device: torch.device) -> Conditions:
    """Return the conditions of a race that has just ended in this process."""
    return Conditions(
        rounds=rounds, threads=threads, device=str(device), surroundings=surroundings(device)
    )
