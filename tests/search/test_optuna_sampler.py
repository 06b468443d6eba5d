"""Samplers of Optuna: the same recipes wherever a search was interrupted."""

from __future__ import annotations

import builtins
import math
import subprocess
import sys
from typing import Any

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.core.search import Point
from tests.search.driven import START, drive, gaussian, search

pytest.importorskip("optuna")

RANGES = ("lr x10", "weight_decay x10", "1-momentum 0.01..1 log")
SAMPLERS = ("tpe", "gp", "random", "qmc")
every_sampler = pytest.mark.parametrize("sampler", SAMPLERS)
# A Gaussian process takes a second a recipe once it has ten.
TRIALS = {"tpe": 24, "gp": 12, "random": 24, "qmc": 24}


def bowl(point: Point, fold: int) -> float:
    away = math.log10(point.values["optimizer.lr"] / 0.1)
    return 0.9 - 0.05 * away**2 + 0.001 * gaussian(point.key, fold)


def options(sampler: str, **others: Any) -> dict[str, Any]:
    return {
        "sampler": sampler, "trials": TRIALS[sampler], "folds": 2, "ranges": RANGES, **others,
    }  # fmt: skip


@every_sampler
def test_it_tries_as_many_recipes_as_asked_the_start_first(sampler: str) -> None:
    driven = drive(search("optuna", **options(sampler)), START, bowl)
    assert driven.batches[0][0].point.values == START
    assert driven.batches[0][0].point.stage == "start"
    assert len(driven.outcome.history) == TRIALS[sampler]
    assert len(set(driven.asked)) == len(driven.asked) == 2 * TRIALS[sampler]
    for trial, _ in driven.outcome.history:
        assert 0.04 <= trial.point.values["optimizer.lr"] <= 4
        assert 4e-5 <= trial.point.values["optimizer.weight_decay"] <= 4e-3
        assert 0.0 <= trial.point.values["optimizer.momentum"] <= 0.99
    best = max(driven.outcome.history, key=lambda pair: pair[1].rank)
    assert driven.outcome.best == best[0].point


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_a_search_rebuilt_after_any_round_goes_on_with_the_same_recipes(sampler: str) -> None:
    asked = options(sampler, batch=2)
    whole = drive(search("optuna", **asked), START, bowl)
    scores = {trial.point.key: score for trial, score in whole.outcome.history}
    for stop in range(1, len(whole.batches)):
        proposals = search("optuna", **asked).propose(START, 0)
        batch = next(proposals)
        for expected in whole.batches[:stop]:
            assert batch == expected
            batch = proposals.send([scores[trial.point.key] for trial in batch])
        assert batch == whole.batches[stop]


@every_sampler
def test_another_seed_draws_other_recipes(sampler: str) -> None:
    asked = options(sampler, trials=6)
    one, again, other = (drive(search("optuna", **asked), START, bowl, seed=s) for s in (0, 0, 1))
    assert one.batches == again.batches
    assert {key for key, _ in one.asked} & {key for key, _ in other.asked} == {
        one.outcome.start.key
    }


def test_samplers_that_look_at_no_score_propose_all_at_once() -> None:
    for sampler in ("random", "qmc"):
        driven = drive(search("optuna", **options(sampler)), START, bowl)
        assert [len(batch) for batch in driven.batches] == [1, 23]


def test_tpe_learns_from_the_scores() -> None:
    def later(accuracy: Any) -> list[float]:
        history = drive(search("optuna", **options("tpe", trials=40)), START, accuracy).outcome
        return [trial.point.values["optimizer.lr"] for trial, _ in history.history[20:]]

    def rising(point: Point, fold: int) -> float:
        return 0.5 + 0.1 * math.log10(point.values["optimizer.lr"])

    def falling(point: Point, fold: int) -> float:
        return 0.5 - 0.1 * math.log10(point.values["optimizer.lr"])

    assert min(later(rising)[-10:]) > max(later(falling)[-10:])


def test_what_diverged_is_told_to_the_sampler_and_never_the_best() -> None:
    def accuracy(point: Point, fold: int) -> float:
        return math.nan if point.values["optimizer.lr"] > 0.3 else bowl(point, fold)

    outcome = drive(search("optuna", **options("tpe", trials=40)), START, accuracy).outcome
    assert outcome.best.values["optimizer.lr"] <= 0.3
    later = [trial.point.values["optimizer.lr"] for trial, _ in outcome.history[20:]]
    assert sum(lr > 0.3 for lr in later) < len(later) / 2
    lost = drive(search("optuna", **options("random")), START, lambda *_: math.nan).outcome
    assert lost.best == lost.start


def test_a_tie_goes_to_the_smaller_change() -> None:
    for sampler in ("random", "tpe"):
        outcome = drive(search("optuna", **options(sampler)), START, lambda *_: 0.5).outcome
        assert outcome.best == outcome.start


def test_without_optuna_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any, **others: Any) -> Any:
        if name == "optuna":
            raise ImportError(name)
        return known(name, *rest, **others)

    found = search("optuna", **options("tpe"))
    found.check(START)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EnvironmentFault) as caught:
        next(found.propose(START, 0))
    assert "pip install 'poolbench[optuna]'" in caught.value.hint


def test_checking_a_suite_imports_no_optuna() -> None:
    code = (
        "import sys\n"
        "from tests.search.driven import START, search\n"
        "search('optuna', sampler='tpe', trials=3).check(START)\n"
        "sys.exit('optuna' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
