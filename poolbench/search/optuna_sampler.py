"""Samplers of Optuna as searches. Importing this file does not import Optuna."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from poolbench.core.counted import counted
from poolbench.core.errors import not_installed
from poolbench.core.search import Budget, Point, Score
from poolbench.core.streams import derive
from poolbench.search import SEARCHES
from poolbench.search.api import Draw, Memory, Proposals
from poolbench.search.drawn import Drawn, outcome_of
from poolbench.search.ledger import Ledger
from poolbench.search.ranges import spans_at
from poolbench.search.spans import Span

_STARTUP_TRIALS = 10
_WITHOUT_SCORES = ("random", "qmc")
# Part of what a batch depends on: changed, it is drawn anew.
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "tpe": {
        "n_startup_trials": _STARTUP_TRIALS,
        "multivariate": True,
        "group": False,
        "constant_liar": True,
    },
    "gp": {"n_startup_trials": _STARTUP_TRIALS, "deterministic_objective": False},
    "qmc": {"qmc_type": "sobol", "scramble": True},
    "random": {},
}
_CLASSES = {
    "tpe": "TPESampler", "gp": "GPSampler", "qmc": "QMCSampler", "random": "RandomSampler",
}  # fmt: skip


class OptunaSampler(Drawn):
    """Ask a sampler of Optuna for recipes, and tell it what they scored.

    The study is in memory: Optuna stores nothing. Each batch comes from a sampler with a seed of
    its own, so it is a function of the search, the number of the batch and the scores before it:
    a search that was interrupted goes on with the same recipes as if there had been no
    interruption. A fold that diverged counts as an accuracy of 0 in what the sampler is told; the
    best recipe has the fewest such folds, then the greatest mean. On a tie the smaller change wins.

    The sampler and its settings are named here rather than left to Optuna's defaults, which change
    between releases: multivariate TPE that takes trials of its own batch for poor ones, a Gaussian
    process for noisy objectives, scrambled Sobol points.

    Args:
        sampler: ``tpe``, ``gp``, ``random`` or ``qmc``.
        trials: Recipes to try, the start included; at least 1.
        folds: Folds of each trial, numbered from 0; at least 2.
        batch: Recipes asked for between two looks at the scores, at least 1. The samplers that look
            at none propose all at once.
        ranges: Such as ``lr x10``, ``1-momentum 0.01..1 log``.

    Raises:
        BadSearch: A range is invalid.
        EnvironmentFault: Optuna is not installed; told when it begins to propose.

    References:
        Akiba et al. 2019 (arXiv:1907.10902); Bergstra et al. 2011 for ``tpe``.
    """

    def __init__(
        self, *, sampler: str, trials: int, folds: int, batch: int, ranges: Sequence[str]
    ) -> None:
        self._sampler = sampler
        self._trials = trials
        self._folds = range(folds)
        self._batch = trials if sampler in _WITHOUT_SCORES else batch
        super().__init__(ranges)

    @property
    def budget(self) -> Budget:
        """As many recipes as trials, each on every fold."""
        return Budget(points=self._trials, folds=self._trials * len(self._folds))

    def propose(
        self, start: Mapping[str, float], seed: int, memory: Memory | None = None
    ) -> Proposals:
        """Propose the start, then a batch at a time; what ``memory`` has is not asked again."""
        spans = spans_at(self._ranges, start)
        if not memory and self._trials > 1:
            # There is something to draw: better to fail now than after the start was trained.
            _import_optuna()
        study = _Study(self._sampler, seed, spans, {} if memory is None else memory)
        ledger = Ledger()
        origin = Point(values=dict(start), stage="start")
        (score,) = yield from ledger.ask([origin], self._folds)
        scores = {origin.key: score}
        drawn = {key: float(span.quantity.of(start[key])) for key, span in spans.items()}
        study.tell([drawn], [score])
        number, ended = 0, f"its {counted(self._trials, 'trial')} were tried"
        if self._sampler not in _WITHOUT_SCORES and self._trials <= _STARTUP_TRIALS:
            ended += f"; {self._sampler} draws at random until it has {_STARTUP_TRIALS}"
        while len(scores) < self._trials:
            number += 1
            size = min(self._batch, self._trials - len(scores))
            stage = f"{self._sampler} {number}" if self._batch < self._trials else self._sampler
            draws = study.ask(number, size)
            points = [
                Point(
                    values={key: span.value_of(draw[key]) for key, span in spans.items()},
                    stage=stage,
                )
                for draw in draws
            ]
            fresh = {point.key: point for point in points if point.key not in scores}
            # A sampler that comes back to recipes it knows has nothing more to propose.
            if not fresh:
                ended = "its sampler proposed nothing new"
                break
            found = yield from ledger.ask(list(fresh.values()), self._folds)
            scores |= zip(fresh, found, strict=True)
            study.tell(draws, [scores[point.key] for point in points])
        tried = [(trial.point, score) for trial, score in ledger.history]
        return outcome_of(ledger, tried, origin, spans, ended=ended)


class _Study:
    """A study of Optuna in memory, in the quantities of the ranges.

    It is built when a batch is asked for that the memory does not have.

    Args:
        sampler: Name of the sampler.
        seed: Seed of the search.
        spans: The range of each option, by key of the recipe.
        memory: Batches asked for before.

    Raises:
        EnvironmentFault: Optuna is not installed.
    """

    def __init__(self, sampler: str, seed: int, spans: Mapping[str, Span], memory: Memory) -> None:
        self._sampler, self._seed, self._memory = sampler, seed, memory
        self._ranges = {
            key: (float(span.low), float(span.high), span.is_log) for key, span in spans.items()
        }
        # What a batch depends on, as far as it is known: the key of the memory.
        self._known = hashlib.sha256()
        revision = SEARCHES["optuna"].revision
        settings = _SETTINGS[sampler]
        self._learn([revision, _optuna_version(), sampler, settings, seed, self._ranges])
        self._told: list[tuple[Draw, float]] = []
        self._asked: list[Any] = []
        self._study: Any = None

    def ask(self, number: int, count: int) -> Sequence[Draw]:
        """Return the draws of a batch."""
        known = self._known.copy()
        known.update(json.dumps([number, count]).encode())
        key = known.hexdigest()
        remembered = self._memory.get(key)
        if remembered is None or not self._is_possible(remembered, count):
            remembered = self._memory[key] = self._ask(number, count)
        return remembered

    def _is_possible(self, draws: Sequence[Draw], count: int) -> bool:
        """Whether draws can be a batch of this study: a memory may have been damaged."""
        return len(draws) == count and all(
            draw.keys() == self._ranges.keys()
            and all(low <= draw[key] <= high for key, (low, high, _) in self._ranges.items())
            for draw in draws
        )

    def tell(self, draws: Sequence[Draw], scores: Sequence[Score]) -> None:
        """Take the scores of the last batch, or of points that the sampler did not propose."""
        told = [(draw, _value(score)) for draw, score in zip(draws, scores, strict=True)]
        self._learn(told)
        if self._asked:
            for trial, (_, value) in zip(self._asked, told, strict=True):
                self._study.tell(trial, value)
            self._asked = []
        else:
            self._told += told

    def _learn(self, fact: object) -> None:
        self._known.update(json.dumps(fact).encode())

    def _ask(self, number: int, count: int) -> list[Draw]:
        optuna = _import_optuna()
        distributions = {
            key: optuna.distributions.FloatDistribution(low, high, log=is_log)
            for key, (low, high, is_log) in self._ranges.items()
        }
        if self._study is None:
            self._study = optuna.create_study(direction="maximize")
        for draw, value in self._told:
            self._study.add_trial(
                optuna.trial.create_trial(params=draw, distributions=distributions, value=value)
            )
        self._told = []
        seed = derive(self._seed, "search", "optuna", number) % 2**32
        self._study.sampler = _made(optuna, self._sampler, seed)
        self._asked = [self._study.ask(fixed_distributions=distributions) for _ in range(count)]
        return [dict(trial.params) for trial in self._asked]


def _made(optuna: Any, sampler: str, seed: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return getattr(optuna.samplers, _CLASSES[sampler])(seed=seed, **_SETTINGS[sampler])


def _value(score: Score) -> float:
    folds = score.accuracies
    return math.fsum(0.0 if math.isnan(each) else each for each in folds) / len(folds)


def _not_installed() -> Exception:
    need = "this search needs Optuna"
    return not_installed(need, "optuna", "the other searches need nothing")


def _optuna_version() -> str:
    try:
        return version("optuna")
    except PackageNotFoundError as error:
        raise _not_installed() from error


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise _not_installed() from error
    # A terminal is no place for a line a trial, nor for Optuna's advice on its own installation.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
