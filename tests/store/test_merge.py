"""Several stores become one: each run once, the first stays, and nothing is passed over."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.store.findings import read_finding, save_finding
from poolbench.store.merge import Merged, merge
from poolbench.store.store import Store
from poolbench.store.writer import CellWriter
from tests.cells import a_cell, a_study
from tests.documents import sealed
from tests.store.interrupted import End, contents, each_end
from tests.store.made_up import RESULT, commit, measure

A, B, C = "a", "b", "c"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two stores: seeds 0 and 1 in one, 1 and 2 in the other."""
    for name, seeds in ((A, (0, 1)), (B, (1, 2))):
        Store.create(tmp_path / name)
        for seed in seeds:
            commit(tmp_path / name, host=name, seed=seed)
    return tmp_path


def merged(folder: Path, *sources: str, into: str = C) -> list[Merged]:
    return list(merge([folder / name for name in sources or (A, B)], folder / into))


def ids(*seeds: int) -> list[str]:
    return sorted(a_cell(seed=seed).id for seed in seeds)


def assert_sound(store: Path, *seeds: int) -> None:
    assert list(Store(store).finished()) == ids(*seeds)
    assert [Store(store).verify(each) for each in ids(*seeds)] == [""] * len(seeds)
    assert list((store / "unfinished").iterdir()) == []


def test_every_run_arrives_once_with_every_byte(folder: Path) -> None:
    before = contents(folder)
    first, second = merged(folder)
    assert (first.added, first.same, second.added, second.same) == (2, 0, 1, 1)
    assert [first.differing, first.damaged, first.notes] == [[], [], []]
    assert_sound(folder / C, 0, 1, 2)
    for name, seed in ((A, 0), (A, 1), (B, 2)):
        cell_id = a_cell(seed=seed).id
        assert contents(Store(folder / C).folder(cell_id)) == contents(
            Store(folder / name).folder(cell_id)
        )
    assert contents(folder / C).keys() >= {f"runs/{each}/attempts.jsonl" for each in ids(0, 1, 2)}
    assert {k: v for k, v in contents(folder).items() if not k.startswith(C)} == before


def test_merging_again_changes_nothing(folder: Path) -> None:
    merged(folder)
    before = contents(folder / C)
    first, second = merged(folder)
    assert (first.added, first.same, second.added, second.same) == (0, 2, 0, 2)
    assert contents(folder / C) == before


def test_the_target_may_be_one_of_the_sources(folder: Path) -> None:
    (done,) = merged(folder, A, B, into=A)
    assert (done.source, done.added, done.same) == (folder / B, 1, 1)
    assert_sound(folder / A, 0, 1, 2)


def test_of_two_runs_that_differ_the_first_stays_and_the_other_is_kept_once(folder: Path) -> None:
    shutil.rmtree(Store(folder / B).folder(a_cell(seed=1).id))
    commit(folder / B, host="other", seed=1, result=replace(RESULT, correct=8), weights=b"other")
    for _ in range(2):
        second = merged(folder)[1]
        (told,) = second.differing
        kept = folder / C / "quarantine" / f"{a_cell(seed=1).id}-0"
        assert told == (
            f"max · digits · seed 1 ({a_cell(seed=1).id}) of {folder / B}: accuracy 80.00 % "
            f"(8 of 10) instead of 90.00 % (9 of 10), other weights; kept in {kept}"
        )
        assert list((folder / C / "quarantine").iterdir()) == [kept]
    assert contents(kept) == contents(Store(folder / B).folder(a_cell(seed=1).id))
    assert_sound(folder / C, 0, 1, 2)
    assert Store(folder / C).read(a_cell(seed=1).id).environment == {"host": A}


def test_what_is_damaged_or_not_finished_is_left_out_and_told(folder: Path) -> None:
    flipped, shortened = (Store(folder / A).folder(a_cell(seed=seed).id) for seed in (0, 1))
    (flipped / "model.safetensors").write_bytes(b"weighty")
    (shortened / "model.safetensors").write_bytes(b"weight")
    writer = CellWriter(Store(folder / B).places, a_cell(seed=7))
    writer.begin("session", {})
    writer.save_checkpoint(b"state", epoch=1, step=0)
    first, second = merged(folder)
    assert len(first.damaged) == 2
    assert any(str(flipped) in line and "does not match" in line for line in first.damaged)
    assert any(str(shortened) in line and "6 bytes" in line for line in first.damaged)
    assert second.notes == [
        f"{Store(folder / B).folder(a_cell(seed=7).id)} is not finished and was left out"
    ]
    assert_sound(folder / C, 1, 2)


@pytest.mark.parametrize("name", ["model.safetensors", "predictions.npz", "environment.json"])
def test_a_damaged_run_is_told_though_the_store_has_one_with_its_checksums(
    folder: Path, name: str
) -> None:
    path = Store(folder / B).folder(a_cell(seed=1).id) / name
    path.write_bytes(bytes(path.stat().st_size))
    second = merged(folder)[1]
    assert (second.added, second.same) == (1, 0)
    assert second.damaged == [f"{path.parent}: {name} does not match its checksum"]
    assert_sound(folder / C, 0, 1, 2)


@pytest.mark.parametrize("weights", [b"", b"WEIGHTS"])
def test_a_sound_run_takes_the_place_of_a_damaged_one(folder: Path, weights: bytes) -> None:
    (Store(folder / A).folder(a_cell(seed=1).id) / "model.safetensors").write_bytes(weights)
    (done,) = merged(folder, B, into=A)
    assert done.added == 2
    (note,) = done.notes
    assert f"quarantine/{a_cell(seed=1).id}-0" in note
    assert_sound(folder / A, 0, 1, 2)


def test_a_run_finishes_a_cell_that_the_target_had_begun(folder: Path) -> None:
    CellWriter(Store(folder / A).places, a_cell(seed=2)).begin("session", {})
    merged(folder, B, into=A)
    assert list(Store(folder / A).finished()) == ids(0, 1, 2)
    assert list(Store(folder / A).unfinished()) == []


def test_measurements_are_united_and_those_that_differ_are_told(folder: Path) -> None:
    for name, correct in ((A, 5), (B, 6)):
        measure(folder / name, 1, name="fgsm", host=name)
        measure(folder / name, 1, name="pgd", correct=correct)
    zoom = measure(folder / B, 1, name="zoom")
    alone = measure(folder / B, 2)
    for _ in range(2):
        second = merged(folder)[1]
        (told,) = second.differing
        assert "6 instead of 5 of 10 right at 0" in told
        assert f"pgd of max · digits · seed 1 ({a_cell(seed=1).id}) of {folder / B}" in told
        (kept,) = (folder / C / "quarantine").iterdir()
        assert str(kept) in told
    store = Store(folder / C)
    assert store.measurement(a_cell(seed=1).id, zoom.key) == zoom
    assert store.measurement(a_cell(seed=2).id, alone.key) == alone
    assert len(list(store.measurement_keys(a_cell(seed=1).id))) == 3
    assert_sound(folder / C, 0, 1, 2)


def test_a_damaged_measurement_is_left_out_and_told(folder: Path) -> None:
    key = measure(folder / A, 1).key
    path = Store(folder / A).folder(a_cell(seed=1).id) / "probes" / f"{key}.json"
    path.write_text("{")
    measure(folder / B, 1)
    first, second = merged(folder)
    assert len(first.damaged) == 1
    assert second.measurements == 1
    assert Store(folder / C).measurement(a_cell(seed=1).id, key).probe.name == "fgsm"


def test_studies_come_along_in_the_order_of_their_training(folder: Path) -> None:
    old, new = a_study(seeds=3), a_study(seeds=4)
    for name, study, at in ((B, old, 1_000), (A, new, 2_000)):
        Store(folder / name).remember(study)
        os.utime(Store(folder / name).study_path(study.id), (at, at))
    merged(folder)
    assert list(Store(folder / C).studies()) == [old, new]


def test_of_two_forms_of_a_study_the_newer_stays_and_the_other_is_kept(folder: Path) -> None:
    study = a_study()
    renamed = replace(study, title="Renamed", origin="elsewhere.yaml")
    for name, each, at in ((A, renamed, 2_000), (B, study, 1_000)):
        Store(folder / name).remember(each)
        os.utime(Store(folder / name).study_path(study.id), (at, at))
    for sources in ((A, B), (B, A)):
        done = merged(folder, *sources)
        (note,) = [note for each in done for note in each.notes]
        assert "'Renamed'" in note
        assert "title; the newer" in note
        assert list(Store(folder / C).studies()) == [renamed]
        assert len(list((folder / C / "quarantine").iterdir())) == 1
        shutil.rmtree(folder / C)


def test_a_study_read_from_another_path_is_the_same(folder: Path) -> None:
    for name in (A, B):
        Store(folder / name).remember(replace(a_study(), origin=name))
    assert [each.notes for each in merged(folder)] == [[], []]


def test_findings_are_united_and_one_that_differs_is_told(folder: Path) -> None:
    for name in (A, B):
        save_finding(Store(folder / name), "same", {"rate": 1, "environment": {"host": name}})
        save_finding(Store(folder / name), "other", {"rate": name})
        save_finding(Store(folder / name), f"only{name}", {"rate": 1})
    second = merged(folder)[1]
    (told,) = second.differing
    assert told.startswith("finding other of")
    store = Store(folder / C)
    assert read_finding(store, "other") == {"rate": A}
    assert read_finding(store, "onlya") == read_finding(store, "onlyb") == {"rate": 1}


def test_nothing_is_written_if_a_source_is_no_store(folder: Path) -> None:
    with pytest.raises(EnvironmentFault, match="no store"):
        merged(folder, A, "nowhere")
    assert not (folder / C).exists()


@pytest.mark.parametrize("end", get_args(End))
def test_killed_at_any_moment_there_is_no_half_run_and_the_same_command_continues(
    tmp_path: Path, end: End
) -> None:
    folder = tmp_path
    for name in (A, B):
        Store.create(folder / name)
        commit(folder / name, host=name)
    measure(folder / A)
    measure(folder / B, name="zoom")
    Store(folder / A).remember(a_study())
    commit(folder / B, seed=1)

    def operate(path: Path) -> None:
        list(merge([folder / A, folder / B], path))

    operate(folder / "undisturbed")
    count = 0
    for path in each_end(folder / "ends", end, lambda _: None, operate):
        count += 1
        if end == "refused":  # who is still alive tidies up
            assert not [file for file in path.rglob(".*") if file.name != ".writable"]
        if Store.is_at(path):
            found = {Store(path).verify(each) for each in Store(path).finished()}
            assert found <= {""}
        operate(path)
        assert contents(path) == contents(folder / "undisturbed")
    assert count > 60


def test_what_a_newer_version_notes_besides_arrives_too(folder: Path) -> None:
    source = Store(folder / A)
    measure(source.path)
    source.remember(a_study())
    paths = (*source.path.glob("runs/*/probes/*.json"), *source.path.glob("studies/*.json"))
    assert len(paths) == 2
    for path in paths:
        document = json.loads(path.read_bytes())
        path.write_bytes(sealed({**document, "energy_j": 1.5}))
    for into in (C, B):  # a run that arrives whole, and one of which only the measurement is new
        commit(folder / B, host=A, seed=0) if into == B else None
        assert [done.damaged for done in merged(folder, A, into=into)] == [[]]
        for path in paths:
            there = folder / into / path.relative_to(source.path)
            assert there.read_bytes() == path.read_bytes()


def test_a_study_that_is_not_the_same_in_both_is_kept_with_every_byte(folder: Path) -> None:
    for name, title, when in ((A, "Older", 1_000), (B, "Newer", 2_000)):
        store = Store(folder / name)
        store.remember(replace(a_study(), title=title))
        path = store.study_path(a_study().id)
        path.write_bytes(sealed({**json.loads(path.read_bytes()), "by": name}))
        os.utime(path, (when, when))
    for first, second in ((A, B), (B, A)):
        shutil.rmtree(folder / C, ignore_errors=True)
        merged(folder, first, second)
        (kept,) = (folder / C / "quarantine").glob("study-*")
        stays = Store(folder / C).study_path(a_study().id)
        assert [json.loads(path.read_bytes())["by"] for path in (stays, kept)] == [B, A]
        assert kept.read_bytes() == Store(folder / A).study_path(a_study().id).read_bytes()
