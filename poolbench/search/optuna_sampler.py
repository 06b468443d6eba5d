"""Samplers of Optuna as searches. Importing this file does not import Optuna."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from poolbench.core.errors import EnvironmentFault
from poolbench.core.search import Outcome, Point, Score
from poolbench.core.streams import derive
from poolbench.search.api import Proposals
from poolbench.search.ledger import Ledger
from poolbench.search.ranges import Span, bounds_of, names_of, read_ranges, spans_at
from poolbench.search.ranked import ranked

_STARTUP_TRIALS = 10
_WITHOUT_SCORES = ("random", "qmc")


class OptunaSampler:
    """Ask a sampler of Optuna for recipes, and tell it what they scored.

    Every batch is asked of a fresh sampler, with a seed of its own, on a study in memory rebuilt
    from the scores so far; so a search goes on after an interruption as if there had been none, and
    Optuna stores nothing. A fold that diverged counts as an accuracy of 0 in what the sampler is
    told; the best recipe is chosen by ``Score.rank``. On a tie the smaller change wins.

    The sampler and its settings are named here rather than left to Optuna's defaults, which change
    between releases: multivariate TPE that takes trials of its own batch for poor ones, a Gaussian
    process for noisy objectives, scrambled Sobol points.

    Args:
        sampler: ``tpe``, ``gp``, ``random`` or ``qmc``.
        trials: Recipes to try, the start included; at least 1.
        folds: Folds of each trial, numbered from 0; at least 2.
        batch: Recipes asked for between two looks at the scores, at least 1. The samplers that look
            at none propose all at once.
        ranges: See :mod:`poolbench.search.ranges`.

    Raises:
        BadSearch: A range is invalid.
        EnvironmentFault: By ``propose``: Optuna is not installed.

    References: Akiba et al. 2019 (arXiv:1907.10902); Bergstra et al. 2011 for ``tpe``.
    """

    def __init__(
        self, *, sampler: str, trials: int, folds: int, batch: int, ranges: Sequence[str]
    ) -> None:
        self._sampler = sampler
        self._trials = trials
        self._folds = range(folds)
        self._batch = trials if sampler in _WITHOUT_SCORES else batch
        self._ranges = read_ranges(ranges)

    @property
    def names(self) -> Mapping[str, tuple[str, int]]:
        """The options drawn, each with the range that says so."""
        return names_of(self._ranges)

    def check(self, start: Mapping[str, float]) -> None:
        """Check that the start is inside its ranges."""
        spans_at(self._ranges, start)

    def bounds(self, start: Mapping[str, float]) -> Mapping[str, tuple[float, float]]:
        """Return the range of each option, by name."""
        return bounds_of(self._ranges, start)

    def propose(self, start: Mapping[str, float], seed: int) -> Proposals:
        """Propose the start, then a batch at a time."""
        spans = spans_at(self._ranges, start)
        _import_optuna()
        ledger = Ledger()
        origin = Point(values=dict(start), stage="start")
        yield from ledger.ask([origin], self._folds)
        number = 0
        while len(ledger.history) < self._trials:
            number += 1
            size = min(self._batch, self._trials - len(ledger.history))
            stage = f"{self._sampler} {number}" if size < self._trials - 1 else self._sampler
            scored = [(trial.point, score) for trial, score in ledger.history]
            drawn = self._draw(spans, scored, size, derive(seed, "search", "optuna", number))
            points: dict[object, Point] = {}
            for values in drawn:
                point = Point(values=values, stage=stage)
                if not ledger.has(point, self._folds):
                    points.setdefault(point.key, point)
            # A sampler that comes back to recipes it knows has nothing more to propose.
            if not points:
                break
            yield from ledger.ask(list(points.values()), self._folds)
        scored = [(trial.point, score) for trial, score in ledger.history]
        winner, score = ranked(scored, start, spans)[0]
        return Outcome(
            best=origin if score.diverged == len(self._folds) else winner,
            start=origin,
            path=(),
            history=ledger.history,
        )

    def _draw(
        self,
        spans: Mapping[str, Span],
        scored: Sequence[tuple[Point, Score]],
        size: int,
        seed: int,
    ) -> Iterator[dict[str, float]]:
        """Yield values by key of the recipe."""
        optuna = _import_optuna()
        distributions = {
            key: optuna.distributions.FloatDistribution(
                float(span.low), float(span.high), log=span.is_log
            )
            for key, span in spans.items()
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(
                direction="maximize", sampler=self._made(optuna, seed % 2**32)
            )
            study.add_trials(
                [
                    optuna.trial.create_trial(
                        params={
                            key: float(span.quantity.of(point.values[key]))
                            for key, span in spans.items()
                        },
                        distributions=distributions,
                        value=_told(score),
                    )
                    for point, score in scored
                ]
            )
            asked = [study.ask(fixed_distributions=distributions).params for _ in range(size)]
        for params in asked:
            yield {key: span.value_of(params[key]) for key, span in spans.items()}

    def _made(self, optuna: Any, seed: int) -> Any:
        samplers = optuna.samplers
        if self._sampler == "tpe":
            return samplers.TPESampler(
                seed=seed,
                n_startup_trials=_STARTUP_TRIALS,
                multivariate=True,
                group=False,
                constant_liar=True,
            )
        if self._sampler == "gp":
            return samplers.GPSampler(
                seed=seed, n_startup_trials=_STARTUP_TRIALS, deterministic_objective=False
            )
        if self._sampler == "qmc":
            return samplers.QMCSampler(qmc_type="sobol", scramble=True, seed=seed)
        return samplers.RandomSampler(seed=seed)


def _told(score: Score) -> float:
    folds = score.accuracies
    return math.fsum(0.0 if math.isnan(each) else each for each in folds) / len(folds)


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        message = "this search needs Optuna, which is not installed"
        hint = "install it: pip install 'poolbench[optuna]'; the other searches need nothing"
        raise EnvironmentFault(message, hint) from error
    # A terminal is no place for a line a trial, nor for Optuna's advice on its own installation.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
