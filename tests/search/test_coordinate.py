"""The coordinate search: where it ends, what it asks for."""

from __future__ import annotations

import math
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolbench.core.search import Point
from poolbench.search.api import BadSearch
from tests.search.driven import START, Accuracy, Driven, drive, gaussian, search
from tests.search.toy import AXES, LATTICE, steps_away, toy

NEAR = [steps for steps in product((-2, 0, 3), repeat=3) if not LATTICE.why_not(
    LATTICE.place_at(steps))]  # fmt: skip


@pytest.mark.parametrize("optimum", NEAR)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_without_noise_it_ends_at_the_optimum(optimum: tuple[int, int, int], seed: int) -> None:
    driven = drive(search("coordinate"), START, toy(optimum), seed=seed)
    assert driven.outcome.best.steps == optimum
    assert len(driven.outcome.history) <= 35


def test_with_noise_it_ends_within_one_step_more_often_than_not() -> None:
    # A fold's standard deviation is twice what a step is worth; the mean of five, nine tenths.
    ends = [
        drive(search("coordinate"), START, toy(optimum, noise=0.002, seed=n), seed=n).outcome.best
        for n, optimum in enumerate(NEAR)
    ]
    within = sum(steps_away(end, optimum) <= 1 for end, optimum in zip(ends, NEAR, strict=True))
    assert within >= 0.7 * len(NEAR)


def test_no_neighbour_of_the_end_is_better_where_the_axes_are_oblique() -> None:
    for seed, optimum in enumerate(NEAR):
        accuracy = toy(optimum, in_axes=True)
        end = drive(search("coordinate"), START, accuracy, seed=seed).outcome.best
        place = LATTICE.place_at(end.steps)
        for axis, direction in product(range(3), (1, -1)):
            there = LATTICE.moved(place, axis, direction)
            if not LATTICE.why_not(there):
                assert accuracy(LATTICE.point(there, ""), 0) <= accuracy(end, 0) + 1e-12


def random_field(seed: int, lost: float = 0.0) -> Accuracy:
    """Return an accuracy without any structure, of which a share of the folds diverges."""

    def accuracy(point: Point, fold: int) -> float:
        draw = gaussian("field", seed, point.steps, fold)
        is_lost = math.erf(abs(gaussian("lost", seed, point.steps, fold)) / math.sqrt(2)) < lost
        return math.nan if is_lost else round(0.5 + 0.1 * draw, 2)

    return accuracy


def ranks(driven: Driven) -> dict[object, tuple[int, float]]:
    return {trial.point.key: score.rank for trial, score in driven.outcome.history}


@given(seed=st.integers(0, 2**32), lost=st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_what_holds_of_every_search(seed: int, lost: float) -> None:
    accuracy = random_field(seed, lost)
    driven = drive(search("coordinate", folds=3, trials=20), START, accuracy, seed=seed)
    outcome, rank = driven.outcome, ranks(driven)
    assert drive(search("coordinate", folds=3, trials=20), START, accuracy, seed=seed) == driven
    assert len(set(driven.asked)) == len(driven.asked) == 3 * len(outcome.history)
    assert len(outcome.history) <= 20
    assert rank[outcome.best.key] == max(rank.values())
    along = [rank[point.key] for point in outcome.path]
    assert all(before < after for before, after in pairwise(along))
    assert (outcome.path[0], outcome.path[-1]) == (outcome.start, outcome.best)
    assert outcome.start.values == START


def test_a_tie_keeps_the_current_recipe() -> None:
    driven = drive(search("coordinate"), START, lambda _, fold: 0.3 if fold else 0.1)
    assert driven.outcome.best == driven.outcome.start
    assert len(driven.outcome.history) == 7


def test_equal_counts_of_images_are_a_tie_whatever_the_order_of_the_folds() -> None:
    def accuracy(point: Point, fold: int) -> float:
        shares = (0.1, 0.2, 0.3) if point.stage == "start" else (0.3, 0.1, 0.2)
        return shares[fold]

    driven = drive(search("coordinate", folds=3), START, accuracy)
    assert driven.outcome.best == driven.outcome.start


def test_a_diverged_fold_is_worse_than_any_accuracy() -> None:
    def accuracy(point: Point, fold: int) -> float:
        if point.stage == "start":
            return 0.01
        return math.nan if fold == 0 else 1.0

    driven = drive(search("coordinate"), START, accuracy)
    assert driven.outcome.best == driven.outcome.start


def test_from_a_start_that_diverged_it_steps_to_what_did_not() -> None:
    def accuracy(point: Point, fold: int) -> float:
        return math.nan if point.values["optimizer.lr"] >= 0.4 else 0.1

    best = drive(search("coordinate"), START, accuracy).outcome.best
    assert best.values["optimizer.lr"] < 0.4


def test_an_impossible_step_is_skipped_and_told() -> None:
    outcome = drive(search("coordinate"), START, toy((1, 3, -3))).outcome
    (below, *_) = outcome.skipped
    assert "momentum would be -0.0" in below.stage
    assert below.stage.startswith("step 1-momentum +1, lr/(1-momentum) kept: ")
    tried = {trial.point.key for trial, _ in outcome.history}
    assert not tried & {point.key for point in outcome.skipped}
    assert all(0 <= trial.point.values["optimizer.momentum"] < 1 for trial, _ in outcome.history)


def test_first_directions_are_drawn_from_the_seed_and_both_occur_on_every_axis() -> None:
    # A field on which no step is better shows the first direction of each axis.
    flat = [drive(search("coordinate"), START, lambda *_: 0.5, seed=seed) for seed in range(30)]
    for axis in range(3):
        stages = {driven.batches[1 + 2 * axis][0].point.stage for driven in flat}
        assert len(stages) == 2, stages


def test_replayed_scores_give_the_same_path_wherever_it_was_interrupted() -> None:
    accuracy = toy((1, 3, -3), noise=0.002)
    whole = drive(search("coordinate"), START, accuracy)
    recorded = {trial.point.key: score for trial, score in whole.outcome.history}
    for stop in range(len(whole.batches)):
        made = []

        def replayed(point: Point, fold: int, stop: int = stop, made: list = made) -> float:
            if point.key in list(recorded)[:stop]:
                return recorded[point.key].accuracies[fold]
            made.append(point)
            return accuracy(point, fold)

        again = drive(search("coordinate"), START, replayed)
        assert again == whole
        assert len(made) == 5 * (len(whole.batches) - stop)


def test_a_search_ends_when_its_trials_are_used_up() -> None:
    endless = drive(
        search("coordinate", trials=9), START, lambda point, _: point.values["optimizer.lr"] / 1e9
    )
    assert len(endless.outcome.history) == 9
    assert endless.outcome.ended == "its 9 trials ran out with steps left to try"
    climbed = drive(search("coordinate"), START, toy((1, 0, 0))).outcome
    assert climbed.ended == "no step from the end is better"
    budget = search("coordinate", trials=9, folds=4).budget
    assert (budget.points, budget.folds) == (9, 36)
    assert drive(search("coordinate", trials=1), START, toy((1, 0, 0))).outcome.path == (
        endless.outcome.start,
    )


@pytest.mark.parametrize("momentum", [1.0, 0.9999999, -0.1])
def test_a_start_that_no_step_can_be_taken_from_is_told(momentum: float) -> None:
    found = search("coordinate", axes=AXES)
    with pytest.raises(BadSearch, match=r"momentum is .* at the start"):
        next(found.propose({**START, "optimizer.momentum": momentum}, 0))


def test_a_start_that_is_too_large_is_told_its_range() -> None:
    with pytest.raises(BadSearch, match=r"needs it from 1e-30 to 1e\+30"):
        search("coordinate", axes=("lr",)).check({"optimizer.lr": 1e40})
    with pytest.raises(BadSearch, match="needs it above 0"):
        search("coordinate", axes=("lr",)).check({"optimizer.lr": 0.0})


def test_scores_that_do_not_fit_the_trials_are_refused() -> None:
    proposals = search("coordinate").propose(START, 0)
    next(proposals)
    with pytest.raises(ValueError, match="one score a trial"):
        proposals.send([])
