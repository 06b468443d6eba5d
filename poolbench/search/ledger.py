"""What a search has asked for so far, and what it received."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

from poolbench.core.search import Point, Score, Trial


class Ledger:
    """Trials and their scores, in the order proposed."""

    def __init__(self) -> None:
        self._history: list[tuple[Trial, Score]] = []
        self._asked: set[tuple[object, int]] = set()

    @property
    def history(self) -> tuple[tuple[Trial, Score], ...]:
        """Every trial with its score."""
        return tuple(self._history)

    def has(self, point: Point, folds: Iterable[int]) -> bool:
        """Return whether any of these folds of a point was asked for."""
        return any((point.key, fold) in self._asked for fold in folds)

    def ask(
        self, points: Sequence[Point], folds: Sequence[int], *, decides: bool = True
    ) -> Generator[Sequence[Trial], Sequence[Score], list[Score]]:
        """Yield one batch, keep its scores and return them.

        Args:
            points: Different points, none asked for on any of the folds before.
            folds: The same for all of them.
            decides: Whether the search decides on these folds, or only what to try next.

        Raises:
            ValueError: The scores sent back do not fit the trials.
        """
        trials = [Trial(point=point, folds=tuple(folds), decides=decides) for point in points]
        self._asked |= {(trial.point.key, fold) for trial in trials for fold in folds}
        scores = list((yield trials) or ())
        if [len(score.accuracies) for score in scores] != [len(folds)] * len(trials):
            raise ValueError("one score a trial and one accuracy a fold, in the order asked")
        self._history += zip(trials, scores, strict=True)
        return scores
