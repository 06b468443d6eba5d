"""What a search tried on one variant, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from poolbench.core.cell import Cell
from poolbench.core.record import Run
from poolbench.core.search import Outcome, Point, Score, Trial
from poolbench.stats.gain import Gain, gain_of

Key = tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A point that was tried.

    Args:
        point: The point, as it was proposed for these folds.
        accuracies: By fold, the accuracy on what it held out; NaN = diverged. Of a point that was
            tried on the folds that the search decides on, of those alone: what chose it does not
            count for it again.
        decides: Whether they are the folds that the search decides on, or those of a round.
    """

    point: Point
    accuracies: Mapping[int, float]
    decides: bool = True

    @property
    def score(self) -> Score:
        """The accuracies as the score of one trial, in the order of the folds."""
        return Score(accuracies=tuple(self.accuracies[fold] for fold in sorted(self.accuracies)))

    @property
    def mean(self) -> float:
        """Mean over the folds; NaN if one diverged, since it is not that of the others."""
        return math.nan if self.score.diverged else self.score.mean


@dataclass(frozen=True, kw_only=True)
class Searched:
    """A search on one variant and data set.

    Args:
        dataset: Name of the data set.
        variant: Label of the variant.
        base: A cell of it, with the recipe that the search started from.
        history: Trials with their scores, in order; fewer than asked for while it is unfinished.
        outcome: How it ended; ``None`` while it is unfinished.
        runs: The runs behind the scores, by cell id.
        held_out: Share of the training images that a fold holds out.
    """

    dataset: str
    variant: str
    base: Cell
    history: tuple[tuple[Trial, Score], ...]
    outcome: Outcome | None
    runs: Mapping[str, Run]
    held_out: float

    @cached_property
    def tried(self) -> tuple[Tried, ...]:
        """Every distinct point, in the order it was first tried."""
        found: dict[Key, Tried] = {}
        for trial, score in self.history:
            accuracies = dict(zip(trial.folds, score.accuracies, strict=True))
            now = Tried(point=trial.point, accuracies=accuracies, decides=trial.decides)
            before = found.get(trial.point.key, now)
            if before.decides == now.decides:
                both = {**before.accuracies, **accuracies}
                now = replace(before, accuracies=both)
            elif before.decides:
                now = before
            found[trial.point.key] = now
        return tuple(found.values())

    @property
    def is_lost(self) -> bool:
        """Whether it ended at a point of which every fold diverged, for want of a better one."""
        best = None if self.outcome is None else self.at(self.outcome.best)
        return best is not None and best.score.diverged == len(best.accuracies)

    def at(self, point: Point) -> Tried | None:
        """Return what was tried at a point; ``None`` if nothing was."""
        return next((t for t in self.tried if t.point.key == point.key), None)

    def gain(self, alpha: float) -> Gain | None:
        """Return how much better the best point is than the start, over the folds both have.

        Args:
            alpha: One minus the confidence of the interval.

        Returns:
            The gain; ``None`` while the search is unfinished and where it ended at its start.
        """
        if self.outcome is None or self.outcome.best.key == self.outcome.start.key:
            return None
        start, best = self.at(self.outcome.start), self.at(self.outcome.best)
        if start is None or best is None:
            return None
        return gain_of(start.accuracies, best.accuracies, self.held_out, alpha=alpha)
