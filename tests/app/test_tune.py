"""Tuning: every search is a function of the store, whatever happened on the way."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from poolbench.app import page, tuned_suite
from poolbench.app.report import draw
from poolbench.app.results import read_results
from poolbench.app.study import load_study
from poolbench.app.train import Settings
from poolbench.app.tune import Round, searched, tune, tuning_charts, tuning_tables
from poolbench.app.tuned_suite import check_target, write_tuned_suite
from poolbench.core.cell import Cell
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched
from poolbench.core.events import Event
from poolbench.core.search import Outcome, Point, Score, Trial
from poolbench.core.study import Study
from poolbench.engines.local import LocalEngine
from poolbench.operators import OPERATORS
from poolbench.report.chart import Axis, Grid, Parallels
from poolbench.report.search.journal import write_journal
from poolbench.report.search.searched import Searched
from poolbench.runtime.runner import Runner
from poolbench.stats.resampled import resampled_interval
from poolbench.store.store import Store
from tests.conftest import Done

Program = Callable[..., Done]

SUITE = """\
schema: 1
title: Tiny
data: {name: digits, limit: 150}
model: {name: wrn, depth: 8, width: 1}
recipe: {epochs: 1, batch_size: 30, optimizer: {name: sgd, lr: 0.05, momentum: 0.9}}
seeds: 1
baseline: average
search: {name: coordinate, axes: [lr, lr/(1-momentum)], folds: 2, trials: 5}
variants:
  average: {pools: average}
  max: {pools: max}
"""


def read(folder: Path, text: str = SUITE) -> Study:
    (folder / "s.yaml").write_text(text)
    return load_study(folder / "s.yaml")


def settings(folder: Path) -> Settings:
    return Settings(store=folder / "runs", engine="inline")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, tuple[Searched, ...]]:
    folder = tmp_path_factory.mktemp("tuned")
    study = read(folder)
    result = tune(study, settings(folder))
    assert result.is_finished
    assert result.failed == {}
    # Five points on two folds, of each variant.
    assert (result.done, result.reused) == (20, 0)
    return folder, study, result.searches


def test_a_fold_is_scored_on_what_it_holds_out_of_the_training_split(
    tuned: tuple[Path, Study, tuple[Searched, ...]],
) -> None:
    _, study, (first, _) = tuned
    runs = list(first.runs.values())
    assert len(runs) == 10
    for run in runs:
        assert run.cell.data.scored_on == "validation"
        assert run.cell.seed == run.cell.data.fold
        assert run.result.total == 30  # a fifth of 150
    assert {run.cell.data.fold for run in runs} == {0, 1}
    own = {cell.id for cell in study.cells}
    assert not own & first.runs.keys()


def test_a_second_search_makes_no_evaluation_and_takes_the_same_path(
    tuned: tuple[Path, Study, tuple[Searched, ...]],
) -> None:
    folder, study, found = tuned
    again = tune(study, settings(folder))
    assert (again.done, again.reused) == (0, 20)
    assert again.searches == found
    assert searched(study, Store(folder / "runs")) == found


def test_whatever_the_store_has_lost_is_trained_again_to_the_same_path(
    tuned: tuple[Path, Study, tuple[Searched, ...]], tmp_path: Path
) -> None:
    folder, study, found = tuned
    random = np.random.default_rng(0)
    for trial in range(3):
        here = tmp_path / str(trial)
        shutil.copytree(folder / "runs", here / "runs")
        lost = [id for id in found[0].runs if random.random() < 0.4]
        for id in lost:
            Store(here / "runs").quarantine(id)
        # What a report shows meanwhile is the beginning of the same history.
        (before, _) = searched(study, Store(here / "runs"))
        assert found[0].history[: len(before.history)] == before.history
        assert (before.outcome is None) == bool(lost)
        result = tune(study, settings(here))
        assert result.done == len(lost)
        assert [each.outcome for each in result.searches] == [each.outcome for each in found]


def test_a_search_that_is_interrupted_in_any_round_goes_on(tmp_path: Path) -> None:
    study = read(tmp_path)

    class Stopped(Exception):
        pass

    @contextmanager
    def stopping(_: Round) -> Iterator[Callable[[Event], None]]:
        yield lambda _: None
        raise Stopped

    rounds = 0
    while True:
        try:
            done = tune(study, settings(tmp_path), stopping)
        except Stopped:
            rounds += 1
            continue
        break
    assert rounds > 1
    assert done.done == 0
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    alone = tune(replace(study), settings(fresh))
    assert [each.history for each in done.searches] == [each.history for each in alone.searches]


def test_folds_of_an_older_revision_are_trained_again_and_told(
    tuned: tuple[Path, Study, tuple[Searched, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, _, _ = tuned
    shutil.copytree(folder / "runs", tmp_path / "runs")
    entry = OPERATORS["max"]
    newer = replace(entry, revision=entry.revision + 1)
    monkeypatch.setitem(OPERATORS._entries, "max", newer)
    told: list[str] = []
    trained: list[str] = []

    @contextmanager
    def listening(_: Round) -> Iterator[Callable[[Event], None]]:
        def listen(event: Event) -> None:
            if event.kind == "notice":
                told.append(event.detail)
            if event.kind == "finished":
                trained.append(event.label)

        yield listen

    result = tune(read(tmp_path), settings(tmp_path), listening)
    # The folds of the other operator are kept.
    assert (result.done, result.reused) == (10, 10)
    assert all(label.startswith("max at") for label in trained)
    (notice,) = told
    assert f"'max' (revision {entry.revision}, now {newer.revision})" in notice


def test_workers_of_all_rounds_come_from_one_fork_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[object] = []
    start = LocalEngine._start

    def counted(self: LocalEngine, log: Path) -> object:
        servers.append(self)
        return start(self, log)

    monkeypatch.setattr(LocalEngine, "_start", counted)
    study = read(tmp_path, SUITE.replace("trials: 5", "trials: 3"))
    rounds: list[int] = []

    @contextmanager
    def listening(now: Round) -> Iterator[Callable[[Event], None]]:
        rounds.append(now.folds)
        yield lambda _: None

    result = tune(study, Settings(store=tmp_path / "runs"), listening)
    assert (result.done, rounds) == (12, [4, 4, 4])
    assert len(servers) == 1
    assert not psutil.Process().children(recursive=True)


def test_tables_rank_the_points_and_tell_gain_budget_and_noise(
    tuned: tuple[Path, Study, tuple[Searched, ...]],
) -> None:
    _, study, found = tuned
    summary, points, _ = tuning_tables(study, found)
    row = summary.records[0]
    outcome = found[0].outcome
    assert outcome is not None
    assert (row["points"], row["folds"], row["images"]) == (5, 10, 10 * 120)
    means = [float(str(record["accuracy_mean"])) for record in points.records]
    assert means == sorted(means, reverse=True)
    assert row["best_mean"] == pytest.approx(means[0])
    marks = [cells[0].mark for cells in points.rows]
    assert marks.count("*") == 1
    path = [record["path"] for record in points.records if record["path"] is not None]
    assert sorted(path) == list(range(1, len(outcome.path) + 1))
    unfinished = [replace(found[0], outcome=None), found[1]]
    assert tuning_tables(study, unfinished)[0].records[0]["finding"] == "unfinished"
    with pytest.raises(NothingMatched, match="no point"):
        tuning_tables(study, [replace(found[0], history=())])


def test_the_interval_of_a_gain_counts_the_overlap_of_folds() -> None:
    # Mean 2, s = 1, n = 3, a fifth held out: t(0.975; 2) = 4.302653, sqrt(1 / 3 + 1 / 4).
    half = 4.302653 * math.sqrt(1 / 3 + 0.25)
    assert resampled_interval([1.0, 2.0, 3.0], 0.2) == pytest.approx((2 - half, 2 + half), abs=1e-5)
    assert resampled_interval([1.0], 0.2) is None


def test_charts_show_every_setting_that_varied(
    tuned: tuple[Path, Study, tuple[Searched, ...]], tmp_path: Path
) -> None:
    _, study, found = tuned
    slices, parallels = tuning_charts(study, found[:1])
    assert isinstance(slices, Grid)
    assert isinstance(parallels, Parallels)
    names = [
        name
        for name in ("lr", "momentum")
        if len({tried.point.values[f"optimizer.{name}"] for tried in found[0].tried}) > 1
    ]
    assert [chart.name for chart in slices.charts] == names
    assert [axis.label for axis in parallels.axes][:-1] == names
    assert len(parallels.lines) == 5
    assert parallels.highlighted is not None
    highest = max(range(5), key=lambda index: parallels.lines[index][-1])
    assert parallels.lines[parallels.highlighted][-1] == parallels.lines[highest][-1]
    assert len(draw([slices, parallels], tmp_path / "pictures")) == 4


def test_parallel_axes_refuse_what_cannot_be_drawn() -> None:
    log, linear = Axis(label="lr", scale="log"), Axis(label="momentum")
    for axes, lines in (
        ((linear,), ()),
        ((linear, linear), ((1.0,),)),
        ((log, log), ((0.0, 1.0),)),
    ):
        with pytest.raises(ValueError, match=r"'p'|logarithmic"):
            Parallels(name="p", title="", axes=axes, lines=lines)


def test_the_tuned_suite_extends_the_one_searched_with_what_was_found(
    tuned: tuple[Path, Study, tuple[Searched, ...]], tmp_path: Path
) -> None:
    folder, study, found = tuned
    target = folder / "tuned" / "t.yaml"
    target.parent.mkdir()
    write_tuned_suite(study, found, target)
    made = load_study(target)
    assert (made.title, made.search, made.baseline) == ("Tiny, tuned", None, "average")
    for cell, each in zip(made.cells, found, strict=True):
        assert each.outcome is not None
        for key, value in each.outcome.best.values.items():
            assert cell.recipe.optimizer.options[key.removeprefix("optimizer.")] == value
        assert (cell.data.scored_on, cell.recipe.epochs) == ("test", 1)
    text = target.read_text()
    assert 'extends: "../s.yaml"' in text
    assert text.count("5 points tried") == 2
    with pytest.raises(BadInput, match="search of average is unfinished"):
        write_tuned_suite(study, [replace(found[0], outcome=None), found[1]], target)


CHANGED = (
    SUITE
    + """\
profiles: {quick: {seeds: 2, recipe: {batch_size: 25}, variants: {max: {recipe: {clip_norm: 1}}}}}
"""
)


def ended(study: Study, values: dict[str, float], *, accuracy: float = 0.9) -> list[Searched]:
    """Return searches of one point, which ended there."""
    point = Point(values=values, stage="start")
    history = ((Trial(point=point, folds=(0, 1)), Score(accuracies=(accuracy, accuracy))),)
    return [
        Searched(
            dataset=dataset,
            variant=variant,
            base=cells[0],
            history=history,
            outcome=Outcome(best=point, start=point, path=(), history=history),
            runs={},
            held_out=0.2,
        )
        for dataset, variant, cells in study.conditions()
    ]


def test_the_tuned_suite_keeps_profile_overrides_and_limit(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(CHANGED)
    study = load_study(
        tmp_path / "s.yaml",
        profile="quick",
        overrides=[
            "recipe.epochs=2",
            "recipe.optimizer={name: adamw, lr: 1e-3}",
            "search.axes=[lr]",
        ],
        limit=100,
    )
    write_tuned_suite(study, ended(study, {"optimizer.lr": 0.25}), tmp_path / "t.yaml")
    made = load_study(tmp_path / "t.yaml")
    assert made.seeds == (0, 1)
    for cell, own in zip(made.cells, study.cells, strict=True):
        tuned = {**own.recipe.optimizer.options, "lr": 0.25}
        optimizer = replace(own.recipe.optimizer, options=tuned)
        assert cell == replace(own, recipe=replace(own.recipe, optimizer=optimizer))
    clipped = [cell.recipe.clip_norm for cell in made.cells]
    assert (made.cells[0].data.limit, clipped) == (100, [None, None, 1, 1])


def test_the_tuned_suite_has_the_rates_that_were_found(tmp_path: Path) -> None:
    recipe = "recipe: {pool_lr_factor: 20, rates: {head: 2}, "
    text = SUITE.replace("recipe: {", recipe).replace("axes: [lr, lr/(1-momentum)]", "axes: [head]")
    study = read(tmp_path, text)
    write_tuned_suite(study, ended(study, {"rates.head": 8.0}), tmp_path / "t.yaml")
    for cell, own in zip(load_study(tmp_path / "t.yaml").cells, study.cells, strict=True):
        assert cell.recipe == replace(own.recipe, head_lr_factor=8.0)
        assert cell.recipe.pool_lr_factor == 20


def test_the_tuned_suite_of_a_built_in_one_does_not_depend_on_this_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "installed"
    shipped.mkdir()
    read(shipped, SUITE)
    (shipped / "over.yaml").write_text("extends: ./s.yaml\nseeds: 3\n")
    monkeypatch.setattr(tuned_suite, "folder", lambda: shipped)
    study = load_study(shipped / "over.yaml", overrides=["recipe.epochs=2"])
    write_tuned_suite(study, ended(study, {"optimizer.lr": 0.25}), tmp_path / "t.yaml")
    shutil.rmtree(shipped)
    made = load_study(tmp_path / "t.yaml")
    assert (made.title, made.search, len(made.cells)) == ("Tiny, tuned", None, 6)
    recipe = made.cells[0].recipe
    assert (recipe.epochs, recipe.optimizer.options["lr"]) == (2, 0.25)
    assert recipe.optimizer.options["momentum"] == 0.9


def test_changes_that_no_extending_suite_can_make_are_refused(tmp_path: Path) -> None:
    study = load_study(
        Path(read(tmp_path).origin),
        overrides=["recipe.optimizer=adamw", "recipe.optimizer={name: sgd, lr: 0.1}"],
    )
    with pytest.raises(BadInput, match="take away options"):
        check_target(study, tmp_path / "t.yaml")


def test_only_a_tuned_suite_is_replaced(tmp_path: Path) -> None:
    study = read(tmp_path, SUITE)
    found = ended(study, {"optimizer.lr": 0.25})
    tuned, over = tmp_path / "tuned.yaml", tmp_path / "over.yaml"
    write_tuned_suite(study, found, tuned)
    write_tuned_suite(study, found, tuned)
    over.write_text("extends: ./tuned.yaml\nsearch: {name: coordinate, axes: [lr]}\n")
    above = load_study(over)
    own = tmp_path / "own.yaml"
    own.write_text("# my own\nschema: 1\n")
    (tmp_path / "link.yaml").symlink_to(tuned)
    several = replace(study, datasets=("digits", "mnist"))
    refused: list[tuple[Study, str, type[Exception], str]] = [
        (study, "s.yaml", BadInput, "is the suite that was searched"),
        (above, "tuned.yaml", BadInput, "is extended by the suite"),
        (above, "link.yaml", BadInput, "is extended by the suite"),
        (above, "s.yaml", BadInput, "is extended by the suite"),
        (study, "own.yaml", BadInput, "is not a tuned suite"),
        (study, ".", BadInput, "is a folder"),
        (study, "none/t.yaml", EnvironmentFault, "there is no folder"),
        (several, "t.yaml", BadInput, "of one data set, not of 2"),
    ]
    before = {path: path.read_bytes() for path in tmp_path.glob("*.yaml")}
    for each, name, error, words in refused:
        with pytest.raises(error, match=words):
            check_target(each, tmp_path / name)
        with pytest.raises(error, match=words):
            write_tuned_suite(each, found, tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.glob("*.yaml")} == before


def test_no_tuned_suite_is_written_of_a_search_that_found_nothing(tmp_path: Path) -> None:
    study = read(tmp_path)
    found = ended(study, {"optimizer.lr": 0.25}, accuracy=math.nan)
    with pytest.raises(NothingMatched, match="search of average, max was trained without div"):
        write_tuned_suite(study, found, tmp_path / "t.yaml")
    assert not (tmp_path / "t.yaml").exists()


def test_a_variant_that_was_not_searched_for_is_named_wherever_it_is_compared(
    tmp_path: Path,
) -> None:
    read(tmp_path)
    study = load_study(tmp_path / "s.yaml", only=["max"])
    write_tuned_suite(study, ended(study, {"optimizer.lr": 0.25}), tmp_path / "t.yaml")
    made = load_study(tmp_path / "t.yaml")
    assert [cell.recipe.optimizer.options["lr"] for cell in made.cells] == [0.05, 0.25]
    # Tables and pages print deviations.
    assert made.deviations == ("not searched for, with the recipe of the suite: average",)


def test_where_nothing_could_be_trained_the_reasons_are_told(
    poolbench: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(tmp_path, SUITE)
    monkeypatch.setattr(Runner, "run", lambda _self, _study, cells, _listen: (
        {str(cell): "no room" for cell in cells}, None
    ))  # fmt: skip
    done = poolbench("tune", tmp_path / "s.yaml", "--engine", "inline", "-q")
    assert done.code == 3
    assert "no room" in done.err


def test_a_journal_is_what_optuna_reads(
    tuned: tuple[Path, Study, tuple[Searched, ...]], tmp_path: Path
) -> None:
    optuna = pytest.importorskip("optuna", reason="Optuna is not installed")
    from optuna.storages.journal import JournalFileBackend

    _, _, found = tuned
    lost = replace(
        found[0],
        variant="lost",
        history=tuple(
            (trial, replace(score, accuracies=(math.nan,) * len(score.accuracies)))
            for trial, score in found[0].history
        ),
    )
    assert write_journal([found[0], lost], tmp_path / "journal.log") == 10
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(tmp_path / "journal.log")))
    sound, failed = (
        optuna.load_study(study_name=name, storage=storage)
        for name in ("digits average", "digits lost")
    )
    assert [t.value for t in sound.trials] == [t.mean for t in found[0].tried]
    assert {t.state.name for t in failed.trials} == {"FAIL"}
    assert sound.best_value == max(t.mean for t in found[0].tried)


def test_the_command_writes_tables_or_a_tuned_suite(
    tuned: tuple[Path, Study, tuple[Searched, ...]], poolbench: Program, tmp_path: Path
) -> None:
    folder, _, _ = tuned
    suite, store = folder / "s.yaml", folder / "runs"
    call = ("tune", suite, "--store", store, "--engine", "inline")
    done = poolbench(*call, "-o", "tuned.yaml")
    assert done.code == 0
    assert "0 folds trained, 20 from the store" in done.err
    assert load_study(tmp_path / "tuned.yaml").search is None
    made = poolbench(*call, "-o", "page.html", "-q")
    assert (made.code, made.err) == (0, "")
    assert (tmp_path / "page.html").read_text().count("<figure") >= 4
    assert poolbench("export", suite, "--store", store, "--as", "optuna", "-o", "out").code == 0
    assert poolbench(*call, "--set", "search=null").code == 2
    nothing = poolbench("export", suite, "--store", store, "--as", "csv", "-o", "out")
    assert nothing.code == 5
    assert f"its search is stored, show it with: poolbench tune {suite} --store" in nothing.err
    assert "its search is stored" in poolbench("report", suite, "--store", store).err
    plan = poolbench("plan", suite, "--store", store, "--format", "markdown")
    assert "at most 5 points and 10 folds for each variant" in plan.out


def test_what_to_type_next_has_the_store_the_data_and_the_plug_in(
    tuned: tuple[Path, Study, tuple[Searched, ...]], poolbench: Program, tmp_path: Path
) -> None:
    folder, _, _ = tuned
    data = tmp_path / "data"
    data.mkdir()
    done = poolbench(
        "tune", folder / "s.yaml", "--store", folder / "runs", "--data-root", data,
        "--only", "max", "-o", "t.yaml",
    )  # fmt: skip
    assert done.code == 0
    expected = f"poolbench train t.yaml --store {folder / 'runs'} --data-root {data}"
    assert f"compare with: {expected}\n" in done.err
    assert "t.yaml: not searched for, with the recipe of the suite: average" in done.err


def test_a_file_that_cannot_be_written_is_told_before_training(
    poolbench: Program, tmp_path: Path
) -> None:
    read(tmp_path)
    for output, code in (("none/t.yaml", 6), ("s.yaml", 2), ("none/t.html", 6)):
        assert poolbench("tune", "s.yaml", "--engine", "inline", "-o", output).code == code
    assert not (tmp_path / "runs").exists()


def test_folds_that_another_process_trained_are_not_counted_as_trained(
    tuned: tuple[Path, Study, tuple[Searched, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, _, _ = tuned

    def run(
        _self: Runner, _study: Study, cells: Sequence[Cell], listen: Callable[[Event], None]
    ) -> tuple[dict[str, str], None]:
        # All arrive while this process waits, but for the first, which it trains.
        shutil.copytree(folder / "runs", tmp_path / "runs", dirs_exist_ok=True)
        listen(Event(kind="finished", cell=cells[0].id))
        return {}, None

    monkeypatch.setattr(Runner, "run", run)
    told: list[str] = []

    @contextmanager
    def showing(now: Round) -> Iterator[Callable[[Event], None]]:
        told.append(str(now))
        yield lambda _: None

    result = tune(read(tmp_path), settings(tmp_path), showing)
    assert (result.done, result.reused) == (1, 19)
    assert told == ["4 folds to train for 2 variants; 0 of at most 10 points tried"]


def test_a_page_without_optuna_leaves_the_search_out_and_says_so(
    tuned: tuple[Path, Study, tuple[Searched, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, _ = tuned
    text = SUITE.replace(
        "{name: coordinate, axes: [lr, lr/(1-momentum)], folds: 2, trials: 5}",
        "{name: optuna, sampler: random, trials: 2, ranges: [lr x2]}",
    )
    monkeypatch.setitem(sys.modules, "optuna", None)
    results = read_results(read(tmp_path, text), folder / "runs")
    assert page._search(results).paragraphs[0].startswith("Left out: this search needs Optuna")
