"""What doctor says of a store that several machines may use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from poolbench.app.doctor import examine
from poolbench.app.sharing import examine_sharing
from poolbench.core.finding import Finding
from poolbench.store.file_system import FileSystem
from poolbench.store.store import Store


def locks_on(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str, *options: str, trial: str = ""
) -> Finding:
    where = FileSystem(kind=kind, mount="/work", options=options)
    monkeypatch.setattr("poolbench.app.sharing.file_system_of", lambda _: where)
    if trial:
        monkeypatch.setattr(Store, "try_locks", lambda _: trial)
    locks, results = examine_sharing(store)
    assert (locks.what, results.what, results.level) == ("locks", "results", "ok")
    return locks


def test_doctor_names_the_file_system_and_tries_the_lock_with_a_second_process(
    tmp_path: Path,
) -> None:
    store = Store.create(tmp_path / "runs")
    found = {each.what: each for each in examine(store.path, None)}
    assert found["locks"].level == "ok"
    assert " at /" in found["locks"].detail
    assert "a second process was refused" in found["locks"].detail
    assert found["results"].level == "ok"
    assert list((store.path / "unfinished").iterdir()) == []


def test_what_a_lock_means_on_a_shared_disk_is_said_with_the_way_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create(tmp_path)
    held = locks_on(store, monkeypatch, "nfs4", "local_lock=none")
    assert (held.level, held.advice) == ("ok", "")
    assert "nfs4 at /work" in held.detail
    assert "between machines too" in held.detail
    for kind, options, words in (
        ("lustre", ("localflock",), "on this machine only"),
        ("fuse.sshfs", (), "between machines perhaps"),
    ):
        found = locks_on(store, monkeypatch, kind, *options)
        assert found.level == "note"
        assert words in found.detail
        assert "--shard" in found.advice
        assert "store merge" in found.advice


@pytest.mark.parametrize(
    ("trial", "words"), [("unsupported", "has no flock"), ("granted twice", "to two processes")]
)
def test_locks_that_do_not_hold_prevent_no_training(
    trial: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = locks_on(Store.create(tmp_path), monkeypatch, "lustre", trial=trial)
    assert found.level == "note"
    assert words in found.detail


def test_a_file_system_that_lets_a_second_run_replace_the_first_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(self: Path, target: Path) -> None:
        shutil.rmtree(target)
        shutil.move(self, target)

    store = Store.create(tmp_path)
    monkeypatch.setattr(Path, "rename", replace)
    found = {each.what: each.level for each in examine_sharing(store)}
    assert found == {"locks": "ok", "results": "fault"}
