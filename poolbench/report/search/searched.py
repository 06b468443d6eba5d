"""What a search tried on one variant, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from poolbench.core.cell import Cell
from poolbench.core.record import Run
from poolbench.core.search import Outcome, Point, Score, Trial
from poolbench.stats import estimate
from poolbench.stats.resampled import resampled_interval
from poolbench.stats.shift import Interval

Key = tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A point with all folds it was tried on.

    Args:
        point: The point.
        accuracies: By fold, the accuracy on what it held out; NaN = diverged.
    """

    point: Point
    accuracies: Mapping[int, float]

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
        """Every distinct point, in the order it was first tried, with all its folds."""
        points: dict[Key, Point] = {}
        folds: dict[Key, dict[int, float]] = {}
        for trial, score in self.history:
            points.setdefault(trial.point.key, trial.point)
            found = dict(zip(trial.folds, score.accuracies, strict=True))
            folds.setdefault(trial.point.key, {}).update(found)
        return tuple(Tried(point=point, accuracies=folds[key]) for key, point in points.items())

    def at(self, point: Point) -> Tried | None:
        """Return what was tried at a point; ``None`` if nothing was."""
        return next((t for t in self.tried if t.point.key == point.key), None)

    def gain(self, alpha: float) -> tuple[float, Interval | None]:
        """Return how much better the best point is than the start, over the folds both have.

        Args:
            alpha: One minus the confidence of the interval.

        Returns:
            The mean difference of accuracies and its interval; NaN and ``None`` if they share no
            fold or one diverged. The best point was chosen on these folds, so it is optimistic.
        """
        if self.outcome is None:
            return math.nan, None
        start, best = self.at(self.outcome.start), self.at(self.outcome.best)
        if start is None or best is None:
            return math.nan, None
        shared = [fold for fold in best.accuracies if fold in start.accuracies]
        gains = [best.accuracies[fold] - start.accuracies[fold] for fold in shared]
        if not gains or any(map(math.isnan, gains)):
            return math.nan, None
        return estimate(gains).mean, resampled_interval(gains, self.held_out, alpha=alpha)
