"""Looking after a store."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.store.store import Store
from tests.app.stores import a_store, probed
from tests.conftest import Done


def test_a_run_whose_weights_are_not_what_they_were_can_be_set_aside(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    study = a_store(tmp_path / "runs", {"average": [180, 181], "max": [190, 191]})
    probed(tmp_path / "runs", replace(study, cells=study.cells[1:2]), {"average": [0, 100]})
    store = Store(tmp_path / "runs")
    flipped, badly_measured, *sound = (cell.id for cell in study.cells)
    (store.folder(flipped) / "model.safetensors").write_bytes(b"mode up")
    next(store.folder(badly_measured).glob("probes/*.json")).write_text("{}")
    told = poolbench("store", "verify")
    assert (told.code, told.out) == (3, "2 of 4 runs are sound\n")
    assert "--set-aside" in told.err
    assert store.has_result(flipped), "no training reads all weights"
    moved = poolbench("store", "verify", "--set-aside")
    assert moved.code == 3
    assert moved.out.splitlines()[1:] == [f"moved runs/quarantine/{flipped}-0"]
    assert list(store.finished()) == sorted([badly_measured, *sound])
    assert poolbench("store", "verify").out == "2 of 3 runs are sound\n"


def test_a_damaged_run_that_cannot_be_moved_is_told_with_the_others(
    poolbench: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = a_store(tmp_path / "runs", {"average": [180, 181]})
    store = Store(tmp_path / "runs")
    stuck, other = sorted(cell.id for cell in study.cells)
    for each in (stuck, other):
        (store.folder(each) / "model.safetensors").write_bytes(b"mode up")
    move = Store.quarantine

    def refuse(self: Store, cell_id: str) -> Path:
        if cell_id == stuck:
            raise EnvironmentFault("cannot write there: read-only file system")
        return move(self, cell_id)

    monkeypatch.setattr(Store, "quarantine", refuse)
    done = poolbench("store", "verify", "--set-aside")
    assert done.code == 3
    assert done.out.splitlines()[1:] == [f"moved runs/quarantine/{other}-0"]
    assert "not moved: cannot write there: read-only file system" in done.err
    assert "2 damaged runs" in done.err


def test_gc_takes_dead_sessions_and_leaves_what_is_none(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    a_store(tmp_path / "runs", {"average": [180]})
    sessions = tmp_path / "runs" / "sessions"
    dead = subprocess.Popen(["true"])
    dead.wait()
    here = platform.node()
    names = [f"{here}-{pid}-0123abcd" for pid in (dead.pid, os.getpid())]
    for name in (*names, f"elsewhere-{dead.pid}-0123abcd", "notes", ".DS_Store"):
        (sessions / name).mkdir()
    done = poolbench("store", "gc")
    assert (done.code, done.out) == (0, "deleted 1 file or folder, 0.0 MB\n")
    assert not (sessions / names[0]).exists()


def test_a_copy_without_its_empty_folders_is_a_store(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    study = a_store(tmp_path / "runs", {"average": [180]})
    for name in ("sessions", "quarantine", "studies", "locks"):
        shutil.rmtree(tmp_path / "runs" / name, ignore_errors=True)
    assert poolbench("store", "gc").code == 0
    (Store(tmp_path / "runs").folder(study.cells[0].id) / "model.safetensors").write_bytes(b"")
    assert "moved" in poolbench("store", "verify", "--set-aside").out


def test_a_merge_that_meets_a_difference_says_which_and_ends_with_3(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    counts = {"a": [180, 181], "b": [180, 182]}
    for name, right in counts.items():
        study = a_store(tmp_path / name, {"average": right})
    done = poolbench("store", "merge", "a", "b", "-o", "c")
    assert done.code == 3
    assert done.out.splitlines() == [
        "a: 2 runs added, 0 already there with the same content; 0 measurements added to those",
        "b: 0 runs added, 1 already there with the same content; 0 measurements added to those",
    ]
    kept = f"c/quarantine/{study.cells[1].id}-0"
    assert (
        f"average · digits · seed 1 ({study.cells[1].id}) of b: accuracy 91.00 % (182 of 200) "
        f"instead of 90.50 % (181 of 200); kept in {kept}" in done.err
    )
    assert "error: 1 differs from what c had first:\n" in done.err
    assert (tmp_path / kept / "result.json").exists()
    report = poolbench("report", "--store", "c", "--format", "json").out
    assert json.loads(report)["tables"][0]["rows"][0]["accuracy_mean"] == 0.9025
    alone = poolbench("store", "merge", "a", "-o", "d")
    assert alone.code == 0
    for folder in Store(tmp_path / "a").path.glob("runs/*"):
        (folder / "model.safetensors").write_bytes(b"mode up")
    assert (
        "error: 2 are damaged and were left out:\n"
        in poolbench("store", "merge", "a", "-o", "d").err
    )
    nowhere = poolbench("store", "merge", "a", "nowhere", "-o", "e")
    assert (nowhere.code, (tmp_path / "e").exists()) == (6, False)


def test_a_merge_into_what_can_be_no_store_is_refused(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    a_store(tmp_path / "a", {"average": [180]})
    (tmp_path / "afile").write_text("mine")
    (tmp_path / "link").symlink_to("a")
    refused = {
        "a/runs/sub": (2, f"a/runs/sub is inside the store at {tmp_path / 'a'}"),
        "link/new/sub": (2, f"link/new/sub is inside the store at {tmp_path / 'a'}"),
        "afile": (6, "afile is a file, not a folder"),
        "afile/sub": (6, "afile is a file, not a folder"),
    }
    for output, (code, told) in refused.items():
        done = poolbench("store", "merge", "a", "-o", output)
        assert (done.code, done.out) == (code, "")
        message, hint = done.err.splitlines()
        assert message == f"error: {told}"
        assert hint.startswith("  name a")
    assert list((tmp_path / "a" / "runs").iterdir()) == [
        Store(tmp_path / "a").folder(study.cells[0].id) for study in Store(tmp_path / "a").studies()
    ]
    assert (tmp_path / "afile").read_text() == "mine"


def test_what_is_no_store_is_named_with_advice_that_the_command_can_take(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "afile").write_text("mine")
    for name, told in (("nowhere", "there is no store at nowhere"), ("afile", "afile is a file")):
        done = poolbench("store", "merge", name, "-o", "c")
        assert (done.code, done.out) == (6, "")
        assert told in done.err
        assert "a folder that `poolbench train --store PATH` wrote" in done.err


def test_gc_takes_a_session_whose_name_holds_no_number_of_a_process(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    a_store(tmp_path / "runs", {"average": [180]})
    (tmp_path / "runs" / "sessions" / f"{platform.node()}-{10**30}-0123abcd").mkdir()
    done = poolbench("store", "gc")
    assert (done.code, done.out) == (0, "deleted 1 file or folder, 0.0 MB\n")


def test_gc_tells_what_it_cannot_delete(poolbench: Callable[..., Done], tmp_path: Path) -> None:
    a_store(tmp_path / "runs", {"average": [180]})
    (tmp_path / "elsewhere" / "x").mkdir(parents=True)
    (tmp_path / "runs" / "quarantine" / "y").mkdir()
    (tmp_path / "runs" / "sessions").rmdir()
    (tmp_path / "runs" / "sessions").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / f"{platform.node()}-{10**30}-0123abcd").mkdir()
    done = poolbench("store", "gc")
    assert (done.code, done.out) == (6, "deleted 1 file or folder, 0.0 MB\n")
    assert "1 leftover kept:\n  runs/sessions is a symbolic link" in done.err
    assert len(list((tmp_path / "elsewhere").iterdir())) == 2
