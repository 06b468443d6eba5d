"""A search for a recipe: what it proposes, what it receives, and how it ended.

A search is a generator: it yields batches of trials, receives their scores, and ends with an
outcome. It is a function of its options, the start, the seed and the scores, so that a search which
was interrupted goes on from the scores that a store holds, without a new evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from poolbench.core.document import Count, Facts, Finite, Level, Positive
from poolbench.core.named import Named, with_tuples
from poolbench.core.plugin_source import PluginSource

DEFAULT_HOLDOUT = 0.2
"""Share of the training images that a fold holds out, where a suite does not say."""
_DIGITS = 12


def short_name(key: str) -> str:
    """Return the name of an option by its key in a recipe: ``lr`` of ``optimizer.lr``."""
    return key.rpartition(".")[2]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A recipe to try.

    Args:
        values: By key of a recipe: ``{"optimizer.lr": 0.4, "schedule.flat": 0.72}``.
        steps: Its place on the lattice of a coordinate search, a whole number for each axis; empty
            for other points.
        stage: What proposed it: ``start``, ``step lr +1``, ``round 1``, ...
    """

    values: Mapping[str, float]
    steps: tuple[int, ...] = ()
    stage: str = ""

    def __str__(self) -> str:
        return ", ".join(f"{short_name(key)} {value:g}" for key, value in self.values.items())

    @property
    def key(self) -> tuple[tuple[str, float], ...]:
        """What makes two points the same recipe: their values, whatever proposed them."""
        return tuple(sorted(self.values.items()))


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A point to evaluate.

    Args:
        point: The recipe.
        folds: Numbers of the random hold-outs of the training split, from 0.
        decides: Whether its folds are those on which the search decides, the start's too; or else
            those of a round, which only say what to try next.
    """

    point: Point
    folds: tuple[int, ...]
    decides: bool = True


@dataclass(frozen=True, kw_only=True)
class Score:
    """What the trial of a point measured.

    Args:
        accuracies: One for each fold of the trial, fractions of its held-out images; NaN for a
            fold that diverged.
    """

    accuracies: tuple[float, ...]

    @property
    def diverged(self) -> int:
        """Number of folds that diverged."""
        return sum(map(math.isnan, self.accuracies))

    @property
    def mean(self) -> float:
        """Mean accuracy of the folds that did not diverge; NaN if all did."""
        finite = [accuracy for accuracy in self.accuracies if not math.isnan(accuracy)]
        return math.fsum(finite) / len(finite) if finite else math.nan

    @property
    def rank(self) -> tuple[int, float]:
        """A key that is greater for a better score.

        Fewer diverged folds are better, whatever the others are; then a higher mean. Means are
        compared to 12 decimals: equal counts of images are a tie, not a rounding error apart.
        """
        mean = 0.0 if math.isnan(self.mean) else round(self.mean, _DIGITS)
        return -self.diverged, mean


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a search ended.

    Args:
        best: The recipe found; the start if none was better.
        start: Where it started.
        path: Accepted points of a coordinate search in order, the start first; empty for others.
        history: Every trial with its score, in the order proposed.
        skipped: Points of a coordinate search that no recipe can have, in the order met, such as a
            negative momentum; the stage says why. They were not evaluated.
        ended: Why it ended there, as text; empty if it does not say.
    """

    best: Point
    start: Point
    path: tuple[Point, ...]
    history: tuple[tuple[Trial, Score], ...]
    skipped: tuple[Point, ...] = ()
    ended: str = ""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The most that a search may try of one variant.

    Args:
        points: Different recipes.
        folds: Trainings: the folds of all of them.
    """

    points: int
    folds: int


@dataclass(frozen=True, kw_only=True)
class SearchSpec:
    """The ``search`` of a suite.

    Args:
        name: From the catalogue of searches.
        options: Every option, defaults included, in the order of the catalogue; lists become
            tuples.
        revision: Of the catalogue entry.
        plugin: The plug-in that the entry is from; ``None`` for a built-in one.
        start: Where the search starts instead of at each variant's own recipe, by name of an
            option of optimizer or schedule: ``{"lr": 0.4}``; those left out are the variant's own.
        epochs: Epochs of each trial; ``None`` for the recipe's own.
        holdout: Share of the training images that each fold holds out, in (0, 1).
    """

    name: str
    options: Facts
    revision: Count = 1
    plugin: PluginSource | None = None
    start: Mapping[str, Finite] = field(default_factory=dict)
    epochs: Positive | None = None
    holdout: Level = DEFAULT_HOLDOUT

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", with_tuples(self.options))

    @property
    def named(self) -> Named:
        """The name with its options, as a component of the study."""
        return Named(
            name=self.name, options=self.options, revision=self.revision, plugin=self.plugin
        )
