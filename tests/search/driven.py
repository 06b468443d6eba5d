"""Driving a search with a function in place of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from poolbench.core.options import check_options
from poolbench.core.search import Outcome, Point, Score, SearchSpec, Trial
from poolbench.core.streams import derive
from poolbench.search import SEARCHES
from poolbench.search.api import Memory, Search, create

START = {"optimizer.lr": 0.4, "optimizer.weight_decay": 4e-4, "optimizer.momentum": 0.9}
RANGER = {
    "optimizer.lr": 0.004,
    "optimizer.beta1": 0.95,
    "optimizer.beta2": 0.99,
    "optimizer.eps": 1e-6,
    "optimizer.weight_decay": 0.02,
    "schedule.flat": 0.72,
}
Accuracy = Callable[[Point, int], float]


def search(name: str, **options: Any) -> Search:
    """Return a search with the given options, and the defaults of its entry."""
    checked = check_options(name, SEARCHES[name].options, options)
    return create(SearchSpec(name=name, options=checked))


@dataclass(frozen=True)
class Driven:
    """A search that has ended."""

    outcome: Outcome
    batches: list[Sequence[Trial]]

    @property
    def asked(self) -> list[tuple[object, int]]:
        """Every (point, fold) asked for, in order."""
        return [
            (trial.point.key, fold)
            for batch in self.batches
            for trial in batch
            for fold in trial.folds
        ]


def drive(
    found: Search,
    start: Mapping[str, float],
    accuracy: Accuracy,
    *,
    seed: int = 0,
    memory: Memory | None = None,
) -> Driven:
    """Run a search to its end."""
    proposals, batches = found.propose(start, seed, memory), []
    try:
        batch = next(proposals)
        while True:
            batches.append(batch)
            batch = proposals.send(
                [
                    Score(accuracies=tuple(accuracy(trial.point, fold) for fold in trial.folds))
                    for trial in batch
                ]
            )
    except StopIteration as end:
        return Driven(outcome=end.value, batches=batches)


def gaussian(*names: object) -> float:
    """Return a draw from N(0, 1) that is the same for the same names."""
    first, second = (derive(0, "noise", side, *map(str, names)) / 2**63 for side in ("a", "b"))
    return math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second)
