"""The coordinate search of the LogAvgExp paper."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from poolbench.core.counted import counted
from poolbench.core.search import Budget, Outcome, Point, Score, Trial
from poolbench.core.streams import derive
from poolbench.search.api import Memory, Proposals
from poolbench.search.axes import SearchAxis, read_axes
from poolbench.search.lattice import Exponents, Lattice
from poolbench.search.ledger import Ledger

_Asking = Generator[Sequence[Trial], Sequence[Score], Score | None]


class Coordinate:
    """Step along one axis at a time, and keep a step if the mean accuracy over the folds rises.

    From the paper: a step multiplies by ``factor`` = 1.6, alone or with the learning rate moved so
    that a product stays as it is (see the option ``axes``); the first direction on each
    axis is random; the recipe stepped to is compared with the current one on 5 random folds (80:20)
    of the training split.

    The paper is silent on the rest, which is ours:

    - A round takes the axes in the order given. On each, steps go on in its current direction for
      as long as each is better than the last; if the first is not, the direction turns once. An
      axis keeps the direction that was better last.
    - Better is a greater mean over the folds; the test of an equal mean is exact to 12 decimals.
      On a tie the current recipe stays.
    - Every recipe is scored on the same folds, once: two recipes are compared on the same
      pictures, and a recipe that is reached again costs nothing.
    - The search ends after a round in which no step was better, so no neighbour of the end is; or
      when it has tried ``trials`` recipes.
    - A fold that diverged is worse than any accuracy: fewer diverged folds are better, whatever
      the others show.
    - A step to a recipe that cannot be, with ``momentum`` below 0 or nearer than 1e-6 to 1, is
      skipped as if it were worse, and named below the table of points. Two recipes of the paper's
      table 6 are therefore out of reach: their momenta, 0.2154 and 0.0841, are 0.3446 divided by
      1.6 once and three times, with lr moved like 1 - momentum; every other one is a lattice point.

    Args:
        factor: Size of a step, above 1.
        axes: Such as ``lr``, ``lr*weight_decay``, ``lr/(1-momentum)``.
        folds: Folds of each trial, numbered from 0; at least 2.
        trials: Most recipes to try, the start included; at least 1.

    Properties:
        The best recipe has the greatest score of all that were tried. At most ``trials``
        recipes are tried, one a batch.

    References:
        Lowe, Trappenberg, Oore 2021, section 4.1; after Page 2018, "How to train your
        ResNet 5: Hyperparameters".
    """

    def __init__(self, *, factor: float, axes: Sequence[str], folds: int, trials: int) -> None:
        self._factor = factor
        self._axes = read_axes(axes)
        self._folds = range(folds)
        self._trials = trials

    @property
    def names(self) -> Mapping[str, tuple[str, int]]:
        """The options that take a step, each with the axis that says so."""
        return {axis.own.name: ("axes", index) for index, axis in enumerate(self._axes)}

    @property
    def budget(self) -> Budget:
        """As many recipes as trials, each on every fold."""
        return Budget(points=self._trials, folds=self._trials * len(self._folds))

    def check(self, start: Mapping[str, float]) -> None:
        """Check that the start can be multiplied: see :meth:`Lattice.check`."""
        self.lattice(start).check()

    def bounds(self, start: Mapping[str, float]) -> Mapping[str, tuple[float, float]]:  # noqa: ARG002
        """Return the least and the greatest value that a step may come to, by name."""
        return {axis.own.name: axis.own.bounds for axis in self._axes}

    def lattice(self, start: Mapping[str, float]) -> Lattice:
        """Return the recipes that the search can reach from a start."""
        return Lattice(self._axes, self._factor, start)

    def propose(
        self,
        start: Mapping[str, float],
        seed: int,
        memory: Memory | None = None,  # noqa: ARG002 - its proposals take no time
    ) -> Proposals:
        """Propose a recipe at a time, until no step is better."""
        self.check(start)
        walk = _Walk(self.lattice(start), self._folds, self._trials)
        yield from walk.score(walk.lattice.origin, "start")
        path = [walk.lattice.origin]
        directions = [_first_direction(seed, axis.text) for axis in self._axes]
        is_rising = True
        while is_rising and not walk.is_over:
            is_rising = False
            for index, axis in enumerate(self._axes):
                for direction in (directions[index], -directions[index]):
                    climbed = yield from walk.climb(path[-1], index, axis, direction)
                    if climbed:
                        path += climbed
                        directions[index], is_rising = direction, True
                        break
        points = [walk.points[each] for each in path]
        return Outcome(
            best=points[-1],
            start=points[0],
            path=tuple(points),
            history=walk.ledger.history,
            skipped=tuple(walk.skipped.values()),
            ended=(
                f"its {counted(self._trials, 'trial')} ran out with steps left to try"
                if walk.is_over
                else "no step from the end is better"
            ),
        )


def _first_direction(seed: int, axis: str) -> int:
    return 1 if derive(seed, "search", "coordinate", "direction", axis) % 2 else -1


class _Walk:
    """Scores of the places come to, each asked for once."""

    def __init__(self, lattice: Lattice, folds: Sequence[int], trials: int) -> None:
        self.lattice = lattice
        self.ledger = Ledger()
        self.points: dict[Exponents, Point] = {}
        self.skipped: dict[Exponents, Point] = {}
        self.is_over = False
        self._scores: dict[Exponents, Score] = {}
        self._folds = folds
        self._trials = trials

    def climb(
        self, place: Exponents, index: int, axis: SearchAxis, direction: int
    ) -> Generator[Sequence[Trial], Sequence[Score], list[Exponents]]:
        """Return the places stepped to, each better than the one before; empty if none is."""
        climbed: list[Exponents] = []
        while True:
            there = self.lattice.moved(place, index, direction)
            score = yield from self.score(there, axis.stage(direction))
            if score is None or score.rank <= self._scores[place].rank:
                return climbed
            climbed.append(there)
            place = there

    def score(self, place: Exponents, stage: str) -> _Asking:
        """Return the score of a place not tried before; ``None`` if there is none to be had.

        What was tried before is no better than the current recipe, or it would be the current one.
        """
        if why := self.lattice.why_not(place):
            self.skipped.setdefault(place, self.lattice.point(place, f"{stage}: {why}"))
            return None
        point = self.lattice.point(place, stage)
        if self.ledger.has(point, self._folds):
            return None
        if len(self._scores) == self._trials:
            self.is_over = True
            return None
        self.points[place] = point
        (score,) = yield from self.ledger.ask([point], self._folds)
        self._scores[place] = score
        return score
