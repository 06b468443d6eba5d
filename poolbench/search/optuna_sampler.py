"""Samplers of Optuna as searches. Importing this file does not import Optuna."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from poolbench.core.errors import not_installed
from poolbench.core.search import Point, Score
from poolbench.core.streams import derive
from poolbench.search.api import Proposals
from poolbench.search.drawn import Drawn, outcome_of
from poolbench.search.ledger import Ledger
from poolbench.search.ranges import spans_at
from poolbench.search.spans import Span

_STARTUP_TRIALS = 10
_WITHOUT_SCORES = ("random", "qmc")


class OptunaSampler(Drawn):
    """Ask a sampler of Optuna for recipes, and tell it what they scored.

    The sampler is seeded and its study is in memory: Optuna stores nothing. A search that was
    interrupted is rebuilt by telling a new study the same scores, and goes on with the same recipes
    as if there had been no interruption. A fold that diverged counts as an accuracy of 0 in what
    the sampler is told; the best recipe is chosen by ``Score.rank``. On a tie the smaller change
    wins.

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
        super().__init__(ranges)

    def propose(self, start: Mapping[str, float], seed: int) -> Proposals:
        """Propose the start, then a batch at a time."""
        spans = spans_at(self._ranges, start)
        optuna = _import_optuna()
        ledger = Ledger()
        origin = Point(values=dict(start), stage="start")
        (score,) = yield from ledger.ask([origin], self._folds)
        scores = {origin.key: score}
        study = _Study(optuna, self._made(optuna, derive(seed, "search", "optuna") % 2**32), spans)
        study.add(origin, score)
        number = 0
        while len(scores) < self._trials:
            number += 1
            size = min(self._batch, self._trials - len(scores))
            stage = f"{self._sampler} {number}" if self._batch < self._trials else self._sampler
            asked = [(trial, Point(values=at, stage=stage)) for trial, at in study.ask(size)]
            fresh = {point.key: point for _, point in asked if point.key not in scores}
            # A sampler that comes back to recipes it knows has nothing more to propose.
            if not fresh:
                break
            found = yield from ledger.ask(list(fresh.values()), self._folds)
            scores |= zip(fresh, found, strict=True)
            for trial, point in asked:
                study.tell(trial, scores[point.key])
        tried = [(trial.point, score) for trial, score in ledger.history]
        return outcome_of(ledger, tried, origin, spans)

    def _made(self, optuna: Any, seed: int) -> Any:
        samplers = optuna.samplers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
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


class _Study:
    """A study of Optuna in memory, in the quantities of the ranges."""

    def __init__(self, optuna: Any, sampler: Any, spans: Mapping[str, Span]) -> None:
        self._optuna = optuna
        self._spans = spans
        self._distributions = {
            key: optuna.distributions.FloatDistribution(
                float(span.low), float(span.high), log=span.is_log
            )
            for key, span in spans.items()
        }
        self._study = optuna.create_study(direction="maximize", sampler=sampler)

    def add(self, point: Point, score: Score) -> None:
        """Add a point that the sampler did not propose."""
        params = {
            key: float(span.quantity.of(point.values[key])) for key, span in self._spans.items()
        }
        trial = self._optuna.trial.create_trial(
            params=params, distributions=self._distributions, value=_told(score)
        )
        self._study.add_trial(trial)

    def ask(self, count: int) -> list[tuple[Any, dict[str, float]]]:
        """Return trials, each with its values by key of the recipe."""
        trials = [self._study.ask(fixed_distributions=self._distributions) for _ in range(count)]
        return [
            (trial, {key: span.value_of(trial.params[key]) for key, span in self._spans.items()})
            for trial in trials
        ]

    def tell(self, trial: Any, score: Score) -> None:
        """Tell the sampler what one of its trials scored."""
        self._study.tell(trial, _told(score))


def _told(score: Score) -> float:
    folds = score.accuracies
    return math.fsum(0.0 if math.isnan(each) else each for each in folds) / len(folds)


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        need = "this search needs Optuna"
        raise not_installed(need, "optuna", "the other searches need nothing") from error
    # A terminal is no place for a line a trial, nor for Optuna's advice on its own installation.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
