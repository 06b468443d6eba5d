"""Tables of a search, from histories written by hand: every number here is worked out on paper."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from poolbench.core.search import Outcome, Point, Score, Trial
from poolbench.report.chart import Grid
from poolbench.report.search.charts import search_charts
from poolbench.report.search.journal import write_journal
from poolbench.report.search.searched import Searched
from poolbench.report.search.tables import searches_table, trials_table
from poolbench.stats.gain import gain_of
from tests.cells import a_study

NAN = math.nan
START, GOOD, TOP, LOST, DRAWN = (
    Point(values={"optimizer.lr": lr}, stage=stage)
    for lr, stage in ((0.1, "start"), (0.2, "b"), (0.4, "c"), (0.8, "d"), (1.6, "e"))
)
FINAL = (1, 2, 3)
STUDY = a_study()


def found(*history: tuple[Trial, tuple[float, ...]], best: Point, ended: str = "") -> Searched:
    scored = tuple((trial, Score(accuracies=accuracies)) for trial, accuracies in history)
    return Searched(
        dataset="digits",
        variant="average",
        base=STUDY.cells[0],
        history=scored,
        outcome=Outcome(best=best, start=START, path=(), history=scored, ended=ended),
        runs={},
        held_out=0.2,
    )


def written(searched: Searched) -> list[tuple[Trial, tuple[float, ...]]]:
    return [(trial, score.accuracies) for trial, score in searched.history]


def on(point: Point, *folds: int, decides: bool = True) -> Trial:
    return Trial(point=point, folds=folds, decides=decides)


# The start is worse by 0.01, 0.02 and 0.03. `TOP` was lucky in its round, which does not count.
ROUNDS = found(
    (on(GOOD, 0, decides=False), (0.70,)),
    (on(TOP, 0, decides=False), (0.99,)),
    (on(LOST, 0, decides=False), (NAN,)),
    (on(DRAWN, 0, decides=False), (0.95,)),
    (on(START, *FINAL), (0.80, 0.81, 0.82)),
    (on(replace(TOP, stage="top 1"), *FINAL), (0.78, 0.79, 0.80)),
    (on(replace(GOOD, stage="top 2"), *FINAL), (0.81, 0.83, 0.85)),
    best=GOOD,
)


def test_the_gain_is_the_best_less_the_start_on_the_folds_that_decide() -> None:
    (row,) = searches_table(STUDY, [ROUNDS]).records
    assert row["start_mean"] == pytest.approx(0.81)
    # Without the 0.70 of its round, which would make it 0.7975.
    assert row["best_mean"] == pytest.approx(0.83)
    assert row["gain"] == pytest.approx(0.02)
    # s = 0.01, n = 3, a fifth held out: t(0.975; 2) = 4.302653, sqrt(1 / 3 + 1 / 4).
    half = 4.302653 * 0.01 * math.sqrt(1 / 3 + 0.25)
    assert (row["low"], row["high"]) == pytest.approx((0.02 - half, 0.02 + half), abs=1e-7)
    assert row["finding"] == "not distinguishable from the start"
    # Every fold costs, those of rounds too.
    assert (row["points"], row["folds"], row["folds_diverged"]) == (5, 13, 1)
    (half_held_out,) = searches_table(STUDY, [replace(ROUNDS, held_out=0.5)]).records
    half = 4.302653 * 0.01 * math.sqrt(1 / 3 + 1)
    assert half_held_out["low"] == pytest.approx(0.02 - half, abs=1e-7)


def test_a_clear_gain_is_said_to_be_on_the_folds_that_chose_it() -> None:
    clear = found(
        (on(START, 0, 1, 2), (0.80, 0.80, 0.80)), (on(GOOD, 0, 1, 2), (0.84, 0.85, 0.86)), best=GOOD
    )
    (row,) = searches_table(STUDY, [clear]).records
    assert row["gain"] == pytest.approx(0.05)
    assert row["finding"] == "better than the start, on the folds that chose it"


def test_a_search_that_ends_at_its_start_has_no_gain() -> None:
    table = searches_table(STUDY, [found(*written(ROUNDS), best=START)])
    assert table.records[0]["finding"] == "the start is the best"
    assert (table.records[0]["gain"], table.records[0]["low"]) == (None, None)
    lost = found((on(START, 0, 1), (NAN, NAN)), best=START)
    assert lost.is_lost
    assert "every fold of the start diverged" in str(searches_table(STUDY, [lost]).records[0])


@pytest.mark.parametrize(
    ("start", "best", "mean", "doubt"),
    [
        ((NAN, NAN), (0.8, 0.9), None, "the start diverged"),
        ((0.8, NAN), (0.8, 0.9), None, "the start diverged on 1 of 2 folds"),
        ((0.8, 0.8), (0.8, NAN), None, "the best diverged on 1 of 2 folds"),
        # 0.9 - 0.8 and 0.8 - 0.7 are floats apart.
        ((0.8, 0.7), (0.9, 0.8), 0.1, "the difference is the same on every fold"),
        ((0.8,), (0.9,), 0.1, "no interval from one fold"),
    ],
)
def test_what_leaves_a_gain_without_an_interval_is_told(
    start: tuple[float, ...], best: tuple[float, ...], mean: float | None, doubt: str
) -> None:
    gain = gain_of(dict(enumerate(start)), dict(enumerate(best)), 0.2, alpha=0.05)
    assert gain.mean == (None if mean is None else pytest.approx(mean))
    assert gain.interval is None
    assert not gain.is_clear
    assert doubt in gain.doubt
    searched = found((on(START, *range(len(start))), start), best=GOOD)
    history = (*searched.history, (on(GOOD, *range(len(best))), Score(accuracies=best)))
    (row,) = searches_table(STUDY, [replace(searched, history=history)]).records
    assert row["finding"] == gain.doubt
    assert gain_of({0: 0.5}, {1: 0.6}, 0.2, alpha=0.05).doubt == "start and best share no fold"


def test_finalists_are_ranked_before_the_points_of_a_round_and_what_diverged_last() -> None:
    records = trials_table(STUDY, ROUNDS).records
    assert [(record["stage"], record["decides"]) for record in records] == [
        ("top 2", True), ("start", True), ("top 1", True), ("e", False), ("d", False),
    ]  # fmt: skip
    assert [record["accuracy_mean"] for record in records[:3]] == pytest.approx([0.83, 0.81, 0.79])
    assert [record["folds"] for record in records] == [3, 3, 3, 1, 1]
    # The mean of what is left of the first is the highest of all.
    half = found(
        (on(LOST, 0, 1, 2), (0.99, 0.99, NAN)), (on(START, 0, 1, 2), (0.5, 0.5, 0.5)), best=START
    )
    assert [record["stage"] for record in trials_table(STUDY, half).records] == ["start", "d"]
    assert "decides" not in trials_table(STUDY, half).fields


def test_of_equal_points_the_end_is_ranked_first() -> None:
    equal = found((on(GOOD, 0, 1), (0.5, 0.6)), (on(START, 0, 1), (0.6, 0.5)), best=START)
    (first, second) = trials_table(STUDY, equal).rows
    assert (first[0].mark, second[0].mark) == ("*", "")


def test_how_a_search_ended_and_what_it_skipped_is_told() -> None:
    ended = found((on(START, 0, 1), (0.5, 0.6)), best=START, ended="its 1 trial ran out")
    assert ended.outcome is not None
    skipped = replace(START, stage="step lr +1: lr would be -1")
    outcome = replace(ended.outcome, skipped=(skipped,))
    notes = searches_table(STUDY, [ended, replace(ended, variant="max")]).notes
    assert "ended: average, max: its 1 trial ran out" in notes
    (note,) = [
        note
        for note in trials_table(STUDY, replace(ended, outcome=outcome)).notes
        if "skipped" in note
    ]
    assert "step lr +1: lr would be -1" in note


def test_charts_tell_rounds_from_finalists() -> None:
    (slices, _) = search_charts(STUDY, [ROUNDS])
    assert isinstance(slices, Grid)
    (scatter,) = slices.charts
    assert [(cloud.label, cloud.y) for cloud in scatter.clouds] == [
        ("round", pytest.approx((0.95,))),
        ("finalist", pytest.approx((0.79,))),
        ("end", pytest.approx((0.83,))),
        ("start", pytest.approx((0.81,))),
    ]
    assert "own fold" in slices.caption
    final = [each for each in written(ROUNDS) if each[0].decides]
    (slices, _) = search_charts(STUDY, [found(*final, best=GOOD)])
    assert "own fold" not in slices.caption


def test_the_best_of_a_journal_is_what_the_search_found(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna", reason="Optuna is not installed")
    from optuna.storages.journal import JournalFileBackend

    assert write_journal([ROUNDS], tmp_path / "journal.log") == 5
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(tmp_path / "journal.log")))
    final, rounds = (
        optuna.load_study(study_name=name, storage=storage)
        for name in ("digits average", "digits average rounds")
    )
    assert final.best_params == {"optimizer.lr": 0.2}
    assert final.best_value == pytest.approx(0.83)
    assert [trial.params["optimizer.lr"] for trial in rounds.trials] == [0.8, 1.6]
