"""Two writers of one cell, whose locks did not keep them apart: the first run stays, whole."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poolbench.store.arrival import Arrival
from poolbench.store.files import move_folder
from poolbench.store.store import Store
from poolbench.store.writer import CellWriter
from tests.cells import a_cell
from tests.store.interrupted import contents
from tests.store.made_up import EPOCH, RESULT, commit, predictions

CELL = a_cell()


def test_a_second_run_that_repeats_the_first_is_dropped_whatever_took_longer(
    tmp_path: Path,
) -> None:
    store = Store.create(tmp_path)
    assert commit(tmp_path).is_first
    before = contents(store.folder(CELL.id))
    second = commit(tmp_path, host="elsewhere")
    assert (second.is_first, second.differences, second.kept) == (False, (), None)
    assert contents(store.folder(CELL.id)) == before
    assert list(store.places.quarantine.iterdir()) == []
    assert list((tmp_path / "unfinished").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        ({"weights": b"others"}, ("same accuracy", "other weights")),
        (
            {"result": replace(RESULT, correct=8)},
            ("accuracy 80.00 % (8 of 10) instead of 90.00 % (9 of 10)",),
        ),
        ({"result": replace(RESULT, test_loss=0.5)}, ("same accuracy", "other test loss")),
        ({"predictions": predictions(2, 1)}, ("same accuracy", "other predictions")),
        ({"predictions": predictions(1, 2)[:-9]}, ("same accuracy", "other predictions")),
        ({"history": [replace(EPOCH, loss=0.75)]}, ("same accuracy", "other history")),
        (
            {"result": replace(RESULT, status="diverged", correct=0, test_loss=None)},
            ("diverged instead of ok",),
        ),
        # What older versions did not note is no result.
        ({"result": replace(RESULT, classes=10)}, ()),
        ({"predictions": predictions(1, 2, confidence=[0.5, 0.5])}, ()),
        (
            {"predictions": predictions(2, 1, confidence=[0.5, 0.5])},
            ("same accuracy", "other predictions"),
        ),
    ],
)
def test_a_second_run_that_differs_is_kept_aside_whole_and_told(
    changes: dict[str, Any], differences: tuple[str, ...], tmp_path: Path
) -> None:
    store = Store.create(tmp_path)
    commit(tmp_path)
    before = contents(store.folder(CELL.id))
    second = commit(tmp_path, host="elsewhere", **changes)
    assert second.differences == differences
    assert second.commit.result == RESULT
    assert contents(store.folder(CELL.id)) == before
    assert store.verify(CELL.id) == ""
    if differences:
        assert second.kept is not None
        kept = store.places.quarantine / f"{CELL.id}-0"
        assert second.kept == kept
        assert b"elsewhere" in (kept / "environment.json").read_bytes()
        assert set(contents(kept)) == set(before)
        assert commit(tmp_path, host="again", **changes).kept == kept, "one copy is enough"
    assert len(list(store.places.quarantine.iterdir())) == bool(differences)


def test_predictions_packed_in_other_bytes_are_the_same(tmp_path: Path) -> None:
    Store.create(tmp_path)
    packed = io.BytesIO()
    np.savez_compressed(packed, predicted=np.array((1, 2)))
    assert packed.getvalue() != predictions(1, 2)
    commit(tmp_path)
    assert commit(tmp_path, predictions=packed.getvalue()).differences == ()


def meanwhile(monkeypatch: pytest.MonkeyPatch, calls: int, happen: Callable[[], object]) -> None:
    """Let something happen right before one of the next calls to the file system."""
    left = [calls]

    def before(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == -1:
                happen()
            return call(*arguments, **options)

        return called

    for module, names in (
        (os, ("rename", "replace", "unlink", "mkdir", "rmdir", "fsync")),
        (io, ("open",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, before(getattr(module, name)))


def test_a_run_is_one_writers_whenever_the_other_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    for calls in range(1_000):
        store = Store.create(tmp_path / str(calls))
        other: list[Arrival] = []

        def finish(store: Store = store, other: list[Arrival] = other) -> None:
            other.append(commit(store.path, host="other", weights=b"others"))

        with monkeypatch.context() as patch:
            meanwhile(patch, calls, finish)
            mine = commit(store.path)
        if not other:
            break
        assert mine.is_first != other[0].is_first, calls
        assert store.verify(CELL.id) == "", calls
        first, second = (mine, other[0]) if mine.is_first else (other[0], mine)
        assert second.differences == ("same accuracy", "other weights"), calls
        assert second.kept is not None
        assert store.commit_of(CELL.id).network == first.commit.network
        assert store.folder(CELL.id).name != second.kept.name
    assert calls > 30


def test_a_damaged_first_run_makes_room_for_a_sound_one(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    commit(tmp_path)
    (store.folder(CELL.id) / "model.safetensors").write_bytes(b"short")
    second = commit(tmp_path, host="elsewhere")
    assert (second.is_first, second.moved) == (True, store.places.quarantine / f"{CELL.id}-0")
    assert store.verify(CELL.id) == ""


def test_a_cell_that_an_older_version_was_interrupted_in_is_continued(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    writer = CellWriter(store.places, CELL)
    writer.begin("old", {})
    writer.save_checkpoint(b"state", epoch=1, step=0)
    writer.folder.rename(store.folder(CELL.id))  # where older versions trained
    assert store.has_checkpoint(CELL.id)
    assert list(store.unfinished()) == [CELL.id]
    again = CellWriter(store.places, CELL)
    assert again.begin("new", {}) == 1
    assert again.load_checkpoint() == (b"state", [])
    assert [each["session"] for each in again.attempts()] == ["old", "new"]
    assert commit(tmp_path).is_first
    assert store.verify(CELL.id) == ""
    assert list(store.unfinished()) == []


def test_what_is_half_of_an_older_versions_run_does_not_stand_in_the_way(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    writer = CellWriter(store.places, CELL)
    writer.begin("new", {})
    store.folder(CELL.id).mkdir()
    (store.folder(CELL.id) / "model.safetensors").write_bytes(b"half")
    assert commit(tmp_path).is_first
    assert store.verify(CELL.id) == ""


def test_a_rename_whose_answer_was_lost_has_been_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As NFS: the server renames, the answer is lost, and asked again it knows of no source.
    rename = os.rename

    def lose_the_answer(source: Path, target: Path) -> None:
        rename(source, target)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").touch()
    monkeypatch.setattr(os, "rename", lose_the_answer)
    assert move_folder(tmp_path / "source", tmp_path / "target") is True
    assert (tmp_path / "target" / "file").exists()
