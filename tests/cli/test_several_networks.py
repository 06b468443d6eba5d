"""A suite of two networks and two data sets, through every command that shows its runs."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import poolbench as pb
from tests.conftest import Done

Program = Callable[..., Done]

SUITE = """\
schema: 1
title: Two by two
data: [{name: digits, limit: 60}, {name: cluttered-digits, limit: 60}]
model: [{name: wrn, depth: 8, width: 1}, shallow-cnn]
recipe:
  epochs: 1
  batch_size: 30
  optimizer: {name: sgd, lr: 0.05}
seeds: 2
baseline: average
variants:
  average: {pools: average}
  lae: {pools: {head: {name: lae, learn: layer}}}
probes:
  zoom: {sizes: [8, 10]}
"""
CONDITIONS = [
    f"{network} on {dataset}"
    for network in ("wrn", "shallow-cnn")
    for dataset in ("digits", "cluttered-digits")
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which the suite is trained and measured."""
    store = tmp_path_factory.mktemp("networks") / "runs"
    pb.train(SUITE, store=store, jobs=1, engine="inline", progress=False)
    pb.robustness(SUITE, store=store, jobs=1, engine="inline", progress=False)
    return store


@pytest.fixture
def program(poolbench: Program, trained: Path, tmp_path: Path) -> Program:
    """The program in a folder with the suite and a copy of the store."""
    shutil.copytree(trained, tmp_path / "runs")
    (tmp_path / "s.yaml").write_text(SUITE)
    return poolbench


def tables(program: Program, *words: str) -> list[dict[str, Any]]:
    done = program(*words, "--format", "json")
    assert done.code in (0, 4), done.err
    found: list[dict[str, Any]] = json.loads(done.out)["tables"]
    return found


def test_there_is_nothing_to_train_again_also_for_a_network_alone(program: Program) -> None:
    assert "nothing to do: every cell is stored already" in program("train", "s.yaml").err
    alone = program("train", "s.yaml", "--set", "model=shallow-cnn")
    assert "nothing to do: every cell is stored already" in alone.err


def test_every_condition_has_its_tables_and_all_have_one_section(program: Program) -> None:
    made = tables(program, "report", "s.yaml")
    outcomes = [table for table in made if "published" in table["detail"]]
    named = [f"{t['detail']['network']} on {t['detail']['dataset']}" for t in outcomes]
    assert named == CONDITIONS
    (overall,) = [table for table in made if "overall" in table["detail"]]
    assert overall["detail"]["overall"]["conditions"] == CONDITIONS
    shifts = made[made.index(overall) + 1]
    assert [row["condition"] for row in shifts["rows"]] == CONDITIONS
    # The shift of a condition is that of its own table.
    own = [row["shift"] for t in outcomes for row in t["rows"] if row["variant"] == "lae"]
    assert [row["shift"] for row in shifts["rows"]] == own


def test_a_network_alone_has_the_numbers_that_it_has_in_the_list(program: Program) -> None:
    alone = tables(program, "report", "s.yaml", "--set", "model=shallow-cnn")[:2]
    listed = tables(program, "report", "s.yaml")[2:4]
    assert [table["rows"] for table in alone] == [table["rows"] for table in listed]


def test_a_page_and_its_pictures_tell_networks_apart(program: Program, tmp_path: Path) -> None:
    assert program("report", "s.yaml", "-o", "page.html", "--figures", "figures").code == 0
    text = (tmp_path / "page.html").read_text()
    for condition in CONDITIONS:
        assert f"<p>{condition}: " in text
    assert '<section id="overall">' in text
    assert "<p>Over 4 conditions " in text
    names = {path.stem for path in (tmp_path / "figures").iterdir()}
    assert {"wrn-digits-seeds", "shallow-cnn-digits-seeds", "overall-shifts"} <= names


def test_every_command_has_a_table_for_each_condition(program: Program) -> None:
    for words in (("plan", "s.yaml"), ("drift", "s.yaml"), ("compare", "--suite", "s.yaml")):
        titles = [table["title"] for table in tables(program, *words)]
        assert len(titles) == len(set(titles)) == 4
        assert [f" · {name}" in title for name in ("wrn", "shallow-cnn") for title in titles] == (
            [True, True, False, False, False, False, True, True]
        )
    titles = [table["title"] for table in tables(program, "robustness", "s.yaml")]
    assert len(titles) == len(set(titles)) == 8


def test_gates_judge_every_condition_and_name_its_network(program: Program) -> None:
    call = ("compare", "--suite", "s.yaml", "--fail-if", "accuracy < baseline - 90pp")
    rows = tables(program, *call, "--allow", "collapsed")[-1]["rows"]
    assert [f"{row['network']} on {row['dataset']}" for row in rows] == CONDITIONS


def test_a_frozen_baseline_holds_each_network_by_itself(program: Program) -> None:
    assert program("store", "freeze", "-o", "frozen.json").code == 0
    made = tables(program, "report", "frozen.json", "runs")
    assert len(made) == 4
    assert "not comparable" not in json.dumps([table["rows"] for table in made])
    compared = tables(program, "compare", "frozen.json", "runs")
    assert len({table["title"] for table in compared}) == 4


def test_an_export_names_the_network(program: Program, tmp_path: Path) -> None:
    assert program("export", "s.yaml", "-o", "out").code == 0
    with (tmp_path / "out" / "measurements.csv").open() as file:
        studies = {row["study"] for row in csv.DictReader(file)}
    assert studies == {"Two by two · wrn", "Two by two · shallow-cnn"}
