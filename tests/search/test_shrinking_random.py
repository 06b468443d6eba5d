"""The shrinking random search: what it draws, from which span, on which folds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolbench.core.search import Point, Trial
from poolbench.search.api import BadSearch
from tests.search.driven import RANGER, Driven, drive, gaussian, search

PAPER_RANGES = {
    "optimizer.lr": (0.0004, 0.04),
    "optimizer.beta1": (0.5, 0.995),
    "optimizer.beta2": (0.9, 0.999),
    "optimizer.eps": (1e-7, 1e-5),
    "optimizer.weight_decay": (0.002, 0.2),
    "schedule.flat": (0.5, 0.85),
}
SMALL = {"rounds": (20, 12, 12), "top": 4, "finalists": 3, "geometric_means": (2, 5)}


def bowl(point: Point, fold: int) -> float:
    """Return an accuracy with its peak at lr 0.001 and little noise."""
    away = math.log10(point.values["optimizer.lr"] / 0.001)
    return 0.9 - 0.05 * away**2 + 0.001 * gaussian(point.key, fold)


def rounds_of(driven: Driven) -> list[Sequence[Trial]]:
    return [batch for batch in driven.batches if batch[0].point.stage.startswith("round")]


def span_of(points: Sequence[Point], key: str) -> tuple[float, float]:
    values = [point.values[key] for point in points]
    return min(values), max(values)


def test_the_first_round_fills_the_ranges_of_the_paper() -> None:
    driven = drive(search("shrinking-random", rounds=(200, 100, 100)), RANGER, bowl)
    points = [trial.point for trial in driven.batches[0]]
    assert [len(batch) for batch in driven.batches] == [200, 100, 100, 8]
    for key, (low, high) in PAPER_RANGES.items():
        least, most = span_of(points, key)
        assert low <= least < low + 0.05 * (high - low), key
        assert high - 0.15 * (high - low) < most <= high, key
    logs = [math.log10(1 - point.values["optimizer.beta1"]) for point in points]
    assert math.fsum(logs) / len(logs) == pytest.approx(math.log10(0.05), abs=0.15)
    flats = [point.values["schedule.flat"] for point in points]
    assert math.fsum(flats) / len(flats) == pytest.approx(0.675, abs=0.025)


def test_the_next_round_draws_from_the_span_of_the_best_of_the_last() -> None:
    driven = drive(search("shrinking-random", **SMALL), RANGER, bowl)
    first, second, third = rounds_of(driven)
    for before, after in ((first, second), (second, third)):
        ordered = sorted(before, key=lambda trial: -bowl(trial.point, trial.folds[0]))
        best = [trial.point for trial in ordered[:4]]
        for key in RANGER:
            low, high = span_of(best, key)
            least, most = span_of([trial.point for trial in after], key)
            assert low <= least <= most <= high


def test_each_round_has_a_fold_of_its_own_and_the_finalists_have_new_ones() -> None:
    driven = drive(search("shrinking-random", folds=5, **SMALL), RANGER, bowl)
    assert [{trial.folds for trial in batch} for batch in driven.batches] == [
        {(0,)}, {(1,)}, {(2,)}, {(3, 4, 5, 6, 7)},
    ]  # fmt: skip


def test_the_finalists_are_the_start_the_best_and_their_means() -> None:
    driven = drive(search("shrinking-random", **SMALL), RANGER, bowl)
    last = rounds_of(driven)[-1]
    ordered = sorted(last, key=lambda trial: -bowl(trial.point, trial.folds[0]))
    best = [trial.point.values for trial in ordered]
    finalists = [trial.point for trial in driven.batches[-1]]
    assert [point.stage for point in finalists] == [
        "start",
        "top 1 of round 3",
        "top 2 of round 3",
        "top 3 of round 3",
        "geometric mean of the top 2",
        "geometric mean of the top 5",
    ]
    assert finalists[0].values == RANGER
    assert [point.values for point in finalists[1:4]] == best[:3]
    mean = finalists[5].values
    for key, of in (
        ("optimizer.lr", lambda value: value),
        ("optimizer.beta1", lambda value: 1 - value),
        ("optimizer.eps", lambda value: value),
    ):
        product = math.prod(of(values[key]) for values in best[:5])
        assert of(mean[key]) == pytest.approx(product ** (1 / 5), rel=1e-5)
    flat = math.fsum(values["schedule.flat"] for values in best[:5]) / 5
    assert mean["schedule.flat"] == pytest.approx(flat, rel=1e-5)


def test_it_finds_the_peak_and_the_best_has_the_greatest_mean_on_the_last_folds() -> None:
    outcome = drive(search("shrinking-random"), RANGER, bowl).outcome
    assert outcome.best.values["optimizer.lr"] == pytest.approx(0.001, rel=0.2)
    final = [(trial.point, score.rank) for trial, score in outcome.history if len(trial.folds) > 1]
    assert max(final, key=lambda pair: pair[1])[0] == outcome.best
    assert outcome.path == ()


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), lost=st.sampled_from([0.0, 0.2, 0.9, 1.0]))
def test_what_holds_of_every_search(seed: int, lost: float) -> None:
    def accuracy(point: Point, fold: int) -> float:
        share = math.erf(abs(gaussian("lost", seed, point.key, fold)) / math.sqrt(2))
        return math.nan if share < lost else round(0.5 + 0.1 * gaussian(seed, point.key, fold), 1)

    driven = drive(search("shrinking-random", **SMALL), RANGER, accuracy, seed=seed)
    again = drive(search("shrinking-random", **SMALL), RANGER, accuracy, seed=seed)
    assert again.outcome.best == driven.outcome.best
    assert again.batches == driven.batches
    assert len(set(driven.asked)) == len(driven.asked)
    final = [score.rank for trial, score in driven.outcome.history if len(trial.folds) > 1]
    best = [
        score.rank
        for trial, score in driven.outcome.history
        if len(trial.folds) > 1 and trial.point == driven.outcome.best
    ]
    assert best == [max(final)]
    for trial, _ in driven.outcome.history:
        for key, (low, high) in PAPER_RANGES.items():
            assert low <= trial.point.values[key] <= high


def test_what_diverged_is_never_among_the_best() -> None:
    def accuracy(point: Point, fold: int) -> float:
        return math.nan if point.values["optimizer.lr"] > 0.004 else bowl(point, fold)

    driven = drive(search("shrinking-random", **SMALL), RANGER, accuracy)
    for batch in rounds_of(driven)[1:]:
        assert all(trial.point.values["optimizer.lr"] <= 0.004 for trial in batch)
    nothing = drive(search("shrinking-random", **SMALL), RANGER, lambda *_: math.nan)
    assert nothing.outcome.best == nothing.outcome.start
    assert [len(batch) for batch in nothing.batches] == [20, 12, 12, 1]
    # Rounds in the same span draw other recipes.
    first, second, third = ({t.point.key for t in batch} for batch in nothing.batches[:3])
    assert not first & second | second & third | first & third


def test_if_the_last_round_diverged_the_best_of_the_one_before_are_finalists() -> None:
    driven = drive(
        search("shrinking-random", **SMALL),
        RANGER,
        lambda point, fold: math.nan if fold == 2 else bowl(point, fold),
    )
    stages = [trial.point.stage for trial in driven.batches[-1]]
    assert stages[:4] == ["start", *(f"top {rank} of round 2" for rank in (1, 2, 3))]
    assert driven.outcome.best != driven.outcome.start


def test_the_budget_is_what_it_tries_if_every_draw_is_another() -> None:
    found = search("shrinking-random", folds=5, **SMALL)
    driven = drive(found, RANGER, bowl)
    # 20 + 12 + 12 drawn; the start and two means; six finalists on five folds.
    assert (found.budget.points, found.budget.folds) == (47, 74)
    assert len({key for key, _ in driven.asked}) == 47
    assert len(driven.asked) == 74


def test_only_the_finalists_are_decided_on() -> None:
    driven = drive(search("shrinking-random", **SMALL), RANGER, bowl)
    assert [{trial.decides for trial in batch} for batch in driven.batches] == [
        {False}, {False}, {False}, {True},
    ]  # fmt: skip


def test_a_tie_goes_to_the_smaller_change() -> None:
    found = search("shrinking-random", ranges=("lr x10",), **SMALL)
    outcome = drive(found, {"optimizer.lr": 0.004}, lambda *_: 0.5).outcome
    assert outcome.best == outcome.start
    # Among the drawn, too: the nearest of a round is its best.
    drawn = [trial.point for trial, _ in outcome.history if trial.point.stage == "round 3"]
    first = next(t.point for t, _ in outcome.history if t.point.stage == "top 1 of round 3")
    nearest = min(drawn, key=lambda point: abs(math.log(point.values["optimizer.lr"] / 0.004)))
    assert first.values == nearest.values


def test_a_seed_draws_other_recipes() -> None:
    one, other = (
        drive(search("shrinking-random", **SMALL), RANGER, bowl, seed=seed) for seed in (0, 1)
    )
    assert not {key for key, _ in one.asked} & {key for key, _ in other.asked} - {
        one.outcome.start.key
    }


def test_a_span_too_narrow_for_new_recipes_gives_fewer() -> None:
    narrow = search("shrinking-random", ranges=("lr 0.003999999..0.004000001",), **SMALL)
    driven = drive(narrow, {"optimizer.lr": 0.004}, lambda *_: 0.5)
    assert len(set(driven.asked)) == len(driven.asked)
    assert all(len(batch) <= 3 for batch in driven.batches[:3])


@pytest.mark.parametrize(
    ("options", "option", "words"),
    [
        ({"rounds": ()}, "rounds", "at least one round"),
        ({"rounds": (5, 20)}, "top", "the best 10 of a round of 5"),
        ({"rounds": (20, 4)}, "finalists", "the best 5 of a round of 4"),
        ({"rounds": (20, 9)}, "geometric_means", "the best 10 of a round of 9"),
        ({"ranges": ()}, "ranges", "at least one range"),
        ({"ranges": ("lr",)}, "ranges", "'lr' is not a range"),
        ({"ranges": ("lr x1",)}, "ranges", "the factor must be above 1"),
        ({"ranges": ("lr 2..1",)}, "ranges", "'lr 2..1' is upside down"),
        ({"ranges": ("lr 1..1",)}, "ranges", "'lr 1..1' has one value"),
        ({"ranges": ("lr 0..1 log",)}, "ranges", "'lr 0..1 log' starts at 0"),
        ({"ranges": ("1-beta1 0..1 log",)}, "ranges", "beta1 would be 1"),
        ({"ranges": ("1-beta1 0.1..1.5",)}, "ranges", "beta1 would be -0.5"),
        ({"ranges": ("lr x10", "lr 1..2")}, "ranges", "two ranges are of 'lr'"),
        ({"ranges": ("lr exec('x')",)}, "ranges", "is not a range"),
    ],
)
def test_options_that_do_not_fit_are_told(
    options: dict[str, Sequence[int]], option: str, words: str
) -> None:
    with pytest.raises(BadSearch) as caught:
        search("shrinking-random", **options)
    assert caught.value.option == option
    assert words in caught.value.message
