"""A race: contenders take turns in one process, and ratios are what is reported.

Seconds on a shared machine move severalfold; the ratio of two things measured a moment apart does
not.
"""

from __future__ import annotations

import os
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolbench.bench.allocator import allocator
from poolbench.bench.stopwatch import Stopwatch
from poolbench.bench.turns import wait_for_turn
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.runtime.provenance import describe

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to do a piece of work.

    Args:
        name: For people.
        run: Does the work once.
        images: How many images that is.
    """

    name: str
    run: Callable[[], object]
    images: int


def race(
    contenders: Sequence[Contender],
    rounds: int,
    stopwatch: Stopwatch,
) -> Mapping[str, list[float]]:
    """Return each contender's seconds an image, round by round.

    Every round runs all of them, in an order drawn anew; one unrecorded round comes first. Where
    benchmarks take turns, it waits for its own.

    Args:
        contenders: Who takes part.
        rounds: That are recorded.
        stopwatch: Takes the seconds of a work.
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


def rate_table(
    title: str, times: Mapping[str, list[float]], *, reference: str, notes: tuple[str, ...]
) -> Table:
    """Return a race's outcome: images/s of each contender, and its ratio to one of them.

    Args:
        title: Of the table.
        times: From :func:`race`.
        reference: The contender whose images/s the others are divided by, round by round.
        notes: For the foot of the table.
    """
    rows = []
    for name, seconds in times.items():
        rates = sorted(1 / second for second in seconds)
        ratios = sorted(r / s for r, s in zip(times[reference], seconds, strict=True))
        rows.append((text_cell(name), _spread(rates, ",.0f"), _spread(ratios, ".3f")))
    return Table(
        title=title,
        columns=(
            Column(title="contender", fields=("contender",), is_text=True),
            Column(
                title="images/s", fields=("images_per_s", "images_per_s_low", "images_per_s_high")
            ),
            Column(title="ratio", fields=("ratio", "ratio_low", "ratio_high")),
        ),
        rows=tuple(rows),
        notes=notes,
    )


def machine(device: torch.device) -> str:
    """Return where a race was run, and how busy it was there, for the foot of its table."""
    facts = describe(device)
    where = f"{facts['cpu']}, torch {facts['torch']}, gpu {facts['gpu']}"
    return f"{where}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def surroundings(device: torch.device) -> str:
    """Return where a race within this process was run, and under which allocator."""
    return f"{machine(device)}; {allocator()}"


def _spread(values: list[float], form: str) -> TableCell:
    middle, low, high = statistics.median(values), values[0], values[-1]
    text = f"{middle:{form}} [{low:{form}}, {high:{form}}]"
    return TableCell(values=(middle, low, high), text=text)
