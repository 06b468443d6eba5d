"""``store verify`` reads every kind of document, and no damage ends it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poolbench.app.store import set_aside
from poolbench.store.commit import FILE
from poolbench.store.documents import seal
from poolbench.store.findings import save_finding
from poolbench.store.store import Store
from poolbench.store.verification import verify
from poolbench.store.writer import CellWriter
from tests.cells import a_cell, a_study
from tests.conftest import Done
from tests.documents import replace_file, sealed
from tests.store.made_up import commit, measure

RUNS = [a_cell(seed=seed).id for seed in range(2)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a sound store with every kind of document."""
    store = Store.create(tmp_path / "runs")
    for seed in range(2):
        commit(store.path, seed=seed)
        measure(store.path, seed=seed)
    store.remember(a_study())
    save_finding(store, "f00", {"similarities": [], "duration_s": 1.0})
    CellWriter(store.places, a_cell(seed=9)).begin("session", {})
    return store


def change(path: Path, alter: Callable[[Any], object]) -> None:
    """Alter a sealed document, and seal it again."""
    document = json.loads(path.read_bytes())
    alter(document)
    path.write_bytes(sealed(document))


def commit_of(store: Store) -> Path:
    return store.folder(RUNS[0]) / FILE


def test_a_sound_store_is_sound(store: Store) -> None:
    found = verify(store)
    assert (found.runs, found.damaged, found.others) == (tuple(sorted(RUNS)), {}, ())
    assert not found.unread


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (lambda document: document.pop("files"), "files: "),
        (lambda document: document["files"].pop("cell.json"), "cell.json is missing"),
        (lambda document: document["files"].pop("model.safetensors"), "model.safetensors"),
        (lambda document: document.update(files=list(document["files"])), "files: "),
        (
            lambda document: document["files"].update(
                {"../../../x": document["files"]["cell.json"]}
            ),
            "'../../../x' is not the name of a file",
        ),
        (
            lambda document: document["files"].update({"/etc/x": document["files"]["cell.json"]}),
            "'/etc/x' is not the name of a file",
        ),
        (lambda document: document["result"].update(correct=11), "11 of 10 test images"),
        (lambda document: document["result"].update(total=0), "result.total: "),
        (lambda document: document["result"].update(total=10**400), "result.total: "),
        (lambda document: document["result"].update(status="fine"), "result.status: "),
        (lambda document: document["cell"].update(seed=-1), "cell.seed: "),
        (lambda document: document["cell"]["recipe"].update(epochs=[1]), "cell.recipe.epochs: "),
        (lambda document: document["files"]["cell.json"].update(bytes="1"), "bytes: "),
        (
            lambda document: document["cell"]["recipe"]["optimizer"]["options"].update(lr=10**400),
            "cell.recipe.optimizer.options: ",
        ),
    ],
)
def test_a_result_that_no_writer_wrote_is_damaged_though_its_seal_fits(
    alter: Callable[[Any], object], told: str, store: Store
) -> None:
    change(commit_of(store), alter)
    found = verify(store)
    assert list(found.damaged) == [RUNS[0]]
    assert told in found.damaged[RUNS[0]]
    assert not store.has_result(RUNS[0])
    (moved,) = set_aside(store.path, found.damaged).values()
    assert isinstance(moved, Path)
    assert moved.name == f"{RUNS[0]}-0"


@pytest.mark.parametrize("name", ["history.jsonl", "timings.jsonl", "environment.json"])
@pytest.mark.parametrize("data", [b"[]\n", b"{}x\n", b"[" * 200_000, b"1\n", b"\xff"])
def test_a_small_file_that_says_nothing_is_damaged_though_its_checksum_fits(
    name: str, data: bytes, store: Store
) -> None:
    replace_file(store.folder(RUNS[0]), name, data)
    assert list(verify(store).damaged) == [RUNS[0]]
    assert not store.has_result(RUNS[0])


def test_a_run_whose_result_is_gone_is_told_and_set_aside(store: Store) -> None:
    commit_of(store).unlink()
    found = verify(store)
    assert found.damaged == {RUNS[0]: "result.json is missing"}
    (moved,) = set_aside(store.path, found.damaged).values()
    assert isinstance(moved, Path)
    assert (moved / "model.safetensors").exists()
    assert verify(store).damaged == {}


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
@pytest.mark.parametrize(
    "name",
    ["runs/ID/result.json", "runs/ID/history.jsonl", "runs/ID/probes/KEY.json",
     "studies/STUDY.json", "findings/f00.json", "unfinished/OPEN/attempts.jsonl"],
)  # fmt: skip
def test_what_is_no_file_is_told_with_the_rest(
    name: str, make: Callable[[Path], None], store: Store
) -> None:
    (key,) = store.measurement_keys(RUNS[0])
    names = {"ID": RUNS[0], "KEY": key, "STUDY": a_study().id, "OPEN": a_cell(seed=9).id}
    for short, long in names.items():
        name = name.replace(short, long)
    (store.path / name).unlink()
    make(store.path / name)
    found = verify(store)
    told = [*found.damaged.values(), *found.others]
    assert len(told) == 1
    assert "is not a file" in told[0] or "bytes instead of" in told[0]
    assert found.runs == tuple(sorted(RUNS))
    for moved in set_aside(store.path, found.damaged).values():
        assert isinstance(moved, Path)
        assert moved.name == f"{RUNS[0]}-0"


def test_odd_entries_are_told_and_stop_nothing(
    store: Store, poolbench: Callable[..., Done]
) -> None:
    runs = store.path / "runs"
    (runs / "notes.txt").write_text("mine")
    (runs / "gone").symlink_to("nowhere")
    (runs / "mine").mkdir()
    (store.folder(RUNS[0]) / "probes" / f"{'0' * 16}.json").symlink_to("nowhere")
    (store.path / "studies" / "gone.json").symlink_to("nowhere")
    (store.path / "studies" / "odd.json").write_bytes(b"[" * 200_000)
    (store.path / "findings" / "odd.json").write_bytes(b"{}")
    attempts = store.places.unfinished(a_cell(seed=9).id) / "attempts.jsonl"
    attempts.write_bytes(b'{"session": "a"}\n[]\n{"session": "torn')
    done = poolbench("store", "verify", "--set-aside", "--store", store.path)
    assert done.code == 3
    assert done.out == "1 of 2 runs are sound\n", "a measurement alone is not set aside"
    for told in (
        "runs/notes.txt: not a run",
        "runs/gone: not a run",
        "runs/mine: not a run",
        f"{RUNS[0]}: ",
        "studies/gone.json: a link to nothing; delete it",
        "studies/odd.json: unreadable",
        "findings/odd.json: unreadable",
        f"{attempts.relative_to(store.path)}: line 2 is not an attempt",
    ):
        assert told in done.err, told
    assert "1 damaged run and 7 other problems" in done.err


@pytest.mark.parametrize("kind", ["folder", "link", "loop"])
@pytest.mark.parametrize("what", ["run", "probes"])
def test_what_took_the_place_of_a_run_or_its_measurements_is_told(
    what: str, kind: str, store: Store, tmp_path: Path, poolbench: Callable[..., Done]
) -> None:
    target = store.folder(RUNS[0]) / ("probes" if what == "probes" else "")
    shutil.rmtree(target)
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    if kind == "folder":
        (target / "deep").mkdir(parents=True)
    else:
        target.symlink_to(outside if kind == "link" else target.name)
    told = verify(store).others
    odd = f"runs/{RUNS[0]}" if what == "run" else f"runs/{RUNS[0]}/probes"
    assert told
    assert all(each.startswith(odd) for each in told)
    for command in (("store", "verify"), ("list", "runs"), ("report",), ("store", "gc")):
        assert poolbench(*command, "--store", store.path).code in (0, 3), command


@pytest.mark.parametrize("name", ["timings.jsonl", "model.safetensors", "result.json"])
def test_a_file_in_a_circle_of_links_cannot_be_read(name: str, store: Store) -> None:
    path = store.folder(RUNS[0]) / name
    path.unlink()
    path.symlink_to(name)
    (told,) = verify(store).damaged.values()
    assert told == (
        f"{name} is missing"
        if name == FILE
        else f"cannot read {path}: Too many levels of symbolic links"
    )


def test_what_a_newer_version_notes_besides_is_told_and_no_damage(
    store: Store, poolbench: Callable[..., Done]
) -> None:
    (key,) = store.measurement_keys(RUNS[0])
    change(commit_of(store), lambda document: document["result"].update(energy_j=1.5))
    change(
        store.folder(RUNS[0]) / "probes" / f"{key}.json",
        lambda document: document["points"][0].update(margin=0.5),
    )
    change(store.study_path(a_study().id), lambda document: document.update(authors=["A"]))
    assert store.has_result(RUNS[0])
    done = poolbench("store", "verify", "--store", store.path)
    assert (done.code, done.out) == (0, "2 of 2 runs are sound\n")
    assert done.err == (
        f"{store.path} is of a newer version, which notes more: probes: points[].margin, "
        "result.json: result.energy_j, studies: authors\n"
    )


def test_documents_of_older_versions_are_read(store: Store) -> None:
    (key,) = store.measurement_keys(RUNS[0])
    measured, run, study = store.measurement(RUNS[0], key), store.read(RUNS[0]), a_study()

    def without(*keys: str) -> Callable[[Any], object]:
        return lambda document: [document.pop(key) for key in keys]

    change(store.folder(RUNS[0]) / "probes" / f"{key}.json", without("axis", "norm"))
    change(commit_of(store), lambda document: without("classes")(document["result"]))
    change(commit_of(store), lambda document: without("scored_on")(document["cell"]["data"]))
    change(store.study_path(study.id), without("found", "whole_cells", "search", "probes", "gates"))
    assert store.measurement(RUNS[0], key) == measured
    assert store.read(RUNS[0]) == run
    assert store.study(study.id) == study
    assert verify(store).damaged == {}


def test_a_copy_of_a_store_without_anything_is_verified(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "runs")
    for folder in store.path.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    assert verify(store).runs == ()


def test_a_document_with_a_number_that_is_none_is_damaged_whatever_its_seal(store: Store) -> None:
    path = store.path / "findings" / "f00.json"
    path.write_bytes(seal({"a": 1}).replace(b": 1", b": 1e999"))
    (told,) = verify(store).others
    assert "findings/f00.json" in told


@pytest.mark.parametrize("name", ["studies", "findings", f"runs/{RUNS[0]}/probes"])
def test_what_took_the_place_of_a_folder_is_told(name: str, store: Store) -> None:
    place = store.path / name
    makers: list[Callable[[], object]] = [
        place.touch, lambda: os.mkfifo(place), lambda: place.symlink_to("nowhere")
    ]  # fmt: skip
    for make in makers:
        shutil.rmtree(place)
        make()
        (told,) = verify(store).others
        assert told.startswith(f"{name}: not a folder")
        place.unlink()
        place.mkdir()
