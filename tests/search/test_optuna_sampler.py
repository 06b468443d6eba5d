"""Samplers of Optuna: the same recipes wherever a search was interrupted."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.core.search import Point
from poolbench.search import SEARCHES, optuna_sampler
from poolbench.search.api import Memory
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


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_what_the_memory_has_is_not_drawn_again_and_changes_no_recipe(
    sampler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = options(sampler, batch=3)
    memory: Memory = {}
    whole = drive(search("optuna", **asked), START, bowl, memory=memory)
    # Half of it is lost, from the middle on and here and there.
    half = dict(list(memory.items())[: len(memory) // 2])
    for part in (half, {key: memory[key] for key in list(memory)[::2]}):
        assert drive(search("optuna", **asked), START, bowl, memory=part).batches == whole.batches
        assert part == memory
    monkeypatch.setattr(optuna_sampler, "_import_optuna", lambda: pytest.fail("nothing to draw"))
    assert drive(search("optuna", **asked), START, bowl, memory=memory).batches == whole.batches


@pytest.mark.parametrize(
    "changed", ["seed", "score", "range", "batch", "version", "setting", "revision"]
)
def test_the_memory_of_another_search_is_not_taken(
    changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raised(point: Point, fold: int) -> float:
        return bowl(point, fold) + 0.1 * (changed == "score")

    asked = options("tpe", trials=16, batch=5)
    memory: Memory = {}
    drive(search("optuna", **asked), START, bowl, memory=memory)
    remembered = dict(memory)
    if changed == "range":
        asked["ranges"] = ("lr x9", *RANGES[1:])
    if changed == "batch":
        asked["batch"] = 4
    if changed == "version":
        monkeypatch.setattr(optuna_sampler, "version", lambda _: "0.0")
    if changed == "setting":
        monkeypatch.setitem(optuna_sampler._SETTINGS, "tpe", {"n_startup_trials": 4})
    if changed == "revision":
        entry = replace(SEARCHES["optuna"], revision=SEARCHES["optuna"].revision + 1)
        monkeypatch.setitem(SEARCHES._entries, "optuna", entry)
    seed = 1 if changed == "seed" else 0
    drive(search("optuna", **asked), START, raised, seed=seed, memory=memory)
    fresh: Memory = {}
    drive(search("optuna", **asked), START, raised, seed=seed, memory=fresh)
    assert not fresh.keys() & remembered.keys()
    assert memory == {**remembered, **fresh}


@pytest.mark.parametrize(
    "damage",
    [
        lambda draws: draws[:-1],
        lambda _: [],
        lambda draws: [{**draws[0], "optimizer.lr": 1e9}, *draws[1:]],
        lambda draws: [{**draws[0], "optimizer.lr": math.nan}, *draws[1:]],
        lambda draws: [{**draws[0], "optimizer.eps": 0.1}, *draws[1:]],
        lambda draws: [{}, *draws[1:]],
    ],
)
def test_what_the_memory_cannot_have_been_given_is_drawn_again(damage: Any) -> None:
    asked = options("tpe", trials=7, batch=3)
    memory: Memory = {}
    whole = drive(search("optuna", **asked), START, bowl, memory=memory)
    damaged = {key: damage(draws) for key, draws in memory.items()}
    assert drive(search("optuna", **asked), START, bowl, memory=damaged).batches == whole.batches
    assert damaged == memory


def test_an_optuna_that_cannot_be_imported_is_told_before_anything_is_trained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its version is still there, in the metadata.
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(EnvironmentFault, match="Optuna"):
        next(search("optuna", **options("tpe")).propose(START, 0, {}))
    with pytest.raises(EnvironmentFault, match="Optuna"):
        next(search("optuna", **options("tpe")).propose(START, 0))


@pytest.mark.parametrize(("trials", "is_told"), [(10, True), (11, False)])
def test_a_sampler_that_never_came_to_learn_is_told(trials: int, is_told: bool) -> None:
    outcome = drive(search("optuna", **options("tpe", trials=trials)), START, bowl).outcome
    assert outcome.ended.startswith(f"its {trials} trials were tried")
    assert ("draws at random until it has 10" in outcome.ended) == is_told


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
    def without(name: str) -> str:
        raise PackageNotFoundError(name)

    found = search("optuna", **options("tpe"))
    found.check(START)
    monkeypatch.setattr(optuna_sampler, "version", without)
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
