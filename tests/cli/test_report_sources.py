"""Stores and frozen baselines in one table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from poolbench.store.documents import seal, unseal
from poolbench.store.store import Store
from tests.app.stores import VERSIONS, a_store
from tests.conftest import Done
from tests.report.examples import finished

Program = Callable[..., Done]


def retrained(path: Path, variant: str, counts: list[int]) -> None:
    """Add a variant trained for other epochs, as a later form of the suite has it."""
    study, runs = finished({"average": [100] * len(counts), variant: counts})
    results = {(run.cell.variant, run.cell.seed): run.result for run in runs.values()}
    cells = tuple(
        replace(cell, recipe=replace(cell.recipe, epochs=9))
        for cell in study.cells
        if cell.variant == variant
    )
    store = Store(path)
    for cell in cells:
        with store.writing(cell) as writer:
            assert writer is not None
            writer.begin("made up", {})
            writer.commit(
                results[variant, cell.seed],
                history=[],
                timings=[],
                environment=VERSIONS,
                artefacts={"model.safetensors": b"", "predictions.npz": b""},
            )
    store.remember(replace(study, cells=cells, variants=(variant,), baseline=""))


def table_of(done: Done) -> dict[str, Any]:
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    return table  # type: ignore[no-any-return]


def test_replicates_stand_beside_one_another_and_together_count_once(
    poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "a", {"average": [180, 182], "max": [190, 190]})
    a_store(tmp_path / "b", {"average": ["-", 182, 190], "max": [190, 190, "-"]})
    assert poolbench("store", "freeze", "--store", "a", "-o", "a.json").code == 0
    table = table_of(poolbench("report", "a.json", "b", "--format", "json"))
    shown = [(r["variant"], r["source"], r["n"], r["standing"]) for r in table["rows"]]
    assert shown == [
        ("average", "a.json", 2, "first"),
        ("average", "b", 2, "comparable"),
        ("average", "a.json + b", 3, "together"),
        ("max", "a.json", 2, "first"),
        ("max", "b", 2, "comparable"),
    ]
    assert table["rows"][2]["accuracy_mean"] == pytest.approx((180 + 182 + 190) / 600)
    assert "a.json: poolbench 0.1.0, torch 2.15.0" in table["notes"]
    assert table["detail"]["not_comparable"] == []


def test_a_variant_trained_otherwise_is_not_comparable_and_in_no_mean_with_others(
    poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "a", {"average": [180, 182], "max": [190, 190]})
    a_store(tmp_path / "b", {"average": [180, 182]})
    retrained(tmp_path / "b", "max", [198, 199])
    table = table_of(poolbench("report", "a", "b", "--format", "json"))
    of_max = [row for row in table["rows"] if row["variant"] == "max"]
    assert [(row["source"], row["standing"]) for row in of_max] == [
        ("a", "first"), ("b", "not comparable"),
    ]  # fmt: skip
    assert [row["accuracy_mean"] for row in of_max] == [0.95, pytest.approx(0.9925)]
    assert table["detail"]["not_comparable"] == [
        {"variant": "max", "source": "b", "with": "a",
         "reasons": ["recipe.epochs 9 instead of 2"]},
    ]  # fmt: skip
    note = "not comparable (max), b with a: recipe.epochs 9 instead of 2"
    assert note in table["notes"]
    assert "not comparable" in poolbench("report", "a", "b").out


def test_one_run_with_two_results_is_told_and_gives_no_mean(
    poolbench: Program, tmp_path: Path
) -> None:
    study = a_store(tmp_path / "a", {"average": [180, 182, "-", 170]})
    a_store(tmp_path / "b", {"average": [180, 181, 190]})
    table = table_of(poolbench("report", "a", "b", "--format", "json"))
    assert [row["standing"] for row in table["rows"]] == ["first", "comparable"]
    (note,) = (note for note in table["notes"] if "not the same" in note)
    assert f"average, seed 1 (run {study.cells[1].id}) is not the same in b as in a" in note


def test_a_baseline_of_an_older_version_is_not_comparable_without_a_reason(
    poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "a", {"average": [180], "max": [190]})
    Store.create(tmp_path / "b")
    retrained(tmp_path / "b", "max", [198])
    poolbench("store", "freeze", "--store", "a", "-o", "a.json")
    document = unseal((tmp_path / "a.json").read_bytes())
    for condition in document["studies"][0]["conditions"]:
        assert condition.pop("identity")
    (tmp_path / "a.json").write_bytes(seal(document))
    table = table_of(poolbench("report", "a.json", "b", "--format", "json"))
    (row,) = table["detail"]["not_comparable"]
    assert "does not tell" in row["reasons"][0]


def test_one_source_alone_has_nothing_beside_it(poolbench: Program, tmp_path: Path) -> None:
    a_store(tmp_path / "a", {"average": [180], "max": [190]})
    poolbench("store", "freeze", "--store", "a", "-o", "a.json")
    assert "standing" not in table_of(poolbench("report", "a.json", "--format", "json"))["rows"][0]
    assert "beside" not in poolbench("report", "a.json").out
    retrained(tmp_path / "a", "max", [198])  # two conditions of one variant are told apart
    assert "not comparable" in poolbench("report", "a").out


def test_lost_runs_and_damage_are_told_of_their_source(poolbench: Program, tmp_path: Path) -> None:
    study = a_store(tmp_path / "a", {"average": [180, None, 20, 181]})
    (Store(tmp_path / "a").folder(study.cells[3].id) / "model.safetensors").write_bytes(b"")
    a_store(tmp_path / "b", {"average": [180]})
    table = table_of(poolbench("report", "a", "b", "--format", "json"))
    row = table["rows"][0]
    assert (row["n"], row["n_diverged"], row["n_missing"]) == (2, 1, 1)
    assert any(note.startswith("average of a: 1 run collapsed") for note in table["notes"])
    assert any(note.startswith("a: average · digits · seed 3") for note in table["notes"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a", "a"), "error: a is named twice"),
        (("a", "./a/"), "error: ./a/ is a, named before"),
        (("a.json", "link.json"), "error: link.json is a.json, named before"),
        (("link", "a"), "error: a is link, named before"),
        (("a", "b.json"), "cannot read b.json"),
        (("a", "--rule", "set"), "--rule beside stores"),
        (("a", "--figures", "f"), "--figures beside stores"),
        (("a", "--only", "max"), "--only without a SUITE"),
        (("smoke", "a", "--set", "seeds=2"), "--set beside stores"),
        (("smoke", "nowhere"), "nowhere is no suite, no store and no frozen baseline"),
        (("a", "nope"), "nope is no suite, no store and no frozen baseline"),
        (("nope",), "nope is no suite, no store and no frozen baseline"),
        (("a", "smok"), "did you mean 'smoke'?"),
        (("a", "folder"), "folder is no suite, no store"),
        (("smoke", "a", "cluttered-digits"), "smoke and cluttered-digits are 2 suites"),
    ],
)
def test_what_cannot_be_shown_is_bad_input(
    arguments: tuple[str, ...], words: str, poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "a", {"average": [180]})
    poolbench("store", "freeze", "--store", "a", "-o", "a.json")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "link.json").symlink_to("a.json")
    (tmp_path / "folder").mkdir()
    done = poolbench("report", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err) < 250, "all suites are listed elsewhere"


def test_a_suite_names_the_rows_to_show(poolbench: Program, tmp_path: Path) -> None:
    a_store(tmp_path / "a", {"average": [180]})
    done = poolbench("report", "smoke", "a")
    assert done.code == 5
    assert "they hold: A study" in done.err
