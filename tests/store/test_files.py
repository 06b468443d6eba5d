from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from poolbench.app.store import collect
from poolbench.core.atomic import write_whole
from poolbench.core.errors import EnvironmentFault
from poolbench.store.attempts import Attempts
from poolbench.store.files import explaining_disk_faults, remove_file, remove_tree, write_atomic
from poolbench.store.findings import save_finding
from poolbench.store.leftovers import leftovers
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.places import FINDINGS
from poolbench.store.store import Store
from tests.cells import a_cell
from tests.store.made_up import commit, measure


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_file_and_says_what_to_do(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(EnvironmentFault, match="no space left") as caught:
        write_atomic(path, b"new")
    assert "same command again" in caught.value.hint
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        (errno.ENOSPC, "no space left", "free some space"),
        (errno.EDQUOT, "no space left", "free some space"),
        (errno.EFBIG, "no space left", "free some space"),
        (errno.EACCES, "Permission denied", "a writable folder"),
        (errno.EPERM, "not permitted", "a writable folder"),
        (errno.EROFS, "Read-only", "a writable folder"),
        (errno.EIO, "Input/output error", None),
    ],
)
def test_what_the_disk_refused_is_told_with_advice_where_there_is_some(
    code: int, message: str, hint: str | None, tmp_path: Path
) -> None:
    with pytest.raises(EnvironmentFault, match=message) as caught, explaining_disk_faults(tmp_path):
        raise OSError(code, os.strerror(code))
    assert str(tmp_path) in caught.value.message
    assert (hint in caught.value.hint) if hint else not caught.value.hint


def test_a_folder_that_cannot_be_deleted_is_an_environment_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_tree(tmp_path / "missing")
    (tmp_path / "folder" / "in it").mkdir(parents=True)
    remove_tree(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []

    def refuse(_: Path) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(EnvironmentFault, match="cannot delete"):
        remove_tree(tmp_path)


def test_the_kernels_own_refusal_to_write_more_is_a_full_disk(tmp_path: Path) -> None:
    # RLIMIT_FSIZE makes the real write() fail, half way through the file.
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from poolbench.store.files import write_atomic\n"
        "from poolbench.core.errors import EnvironmentFault\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    write_atomic(Path(sys.argv[1]), b'x' * 10_000)\n"
        "except EnvironmentFault as fault:\n    print(fault.exit_code, fault.message)\n"
    )
    path = tmp_path / "file"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("6 no space left")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_environment_fault(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault):
        write_atomic(tmp_path / "missing" / "file", b"")


def test_a_folder_that_cannot_be_made_is_an_environment_fault(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "runs")
    (file := tmp_path / "file").touch()
    (store.path / FINDINGS).touch()
    with pytest.raises(EnvironmentFault, match=str(store.path / FINDINGS)):
        save_finding(store, "f00", {})
    with pytest.raises(EnvironmentFault, match=str(file)):
        Store.create(file / "runs")
    with pytest.raises(EnvironmentFault, match=str(file)):
        Attempts(file / "run").begin("session", {})
    (store.path / "locks" / ".writable").unlink()
    (store.path / "locks").rmdir()
    (store.path / "locks").touch()
    with pytest.raises(EnvironmentFault, match="locks"), store.writing(a_cell()):
        pass
    assert Attempts(tmp_path / "not" / "there" / "yet").begin("session", {}) == 1


def test_a_file_that_cannot_be_deleted_is_an_environment_fault(tmp_path: Path) -> None:
    remove_file(tmp_path / "missing")
    with pytest.raises(EnvironmentFault):
        remove_file(tmp_path)  # a folder


def test_bytes_are_on_disk_before_they_get_their_name_and_the_name_before_the_writer_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # After a loss of power only what was synchronised is there: content and names apart.
    events: list[object] = []
    path, fsync, replace = tmp_path / "file", os.fsync, os.replace

    def see_fsync(descriptor: int) -> None:
        fsync(descriptor)
        facts = os.fstat(descriptor)
        events.append("folder" if stat.S_ISDIR(facts.st_mode) else facts.st_size)

    def see_replace(source: Path, target: Path) -> None:
        replace(source, target)
        events.append(target)

    monkeypatch.setattr(os, "fsync", see_fsync)
    monkeypatch.setattr(os, "replace", see_replace)
    write_atomic(path, b"fits a buffer")
    assert events == [len(b"fits a buffer"), path, "folder"]


def test_what_a_killed_writer_leaves_is_what_gc_deletes(tmp_path: Path) -> None:
    Store.create(tmp_path / "runs")
    target = tmp_path / "runs" / "runs" / ("0" * 16) / "result.json"
    target.parent.mkdir()
    seen: list[Path] = []
    write_whole(target, lambda _: seen.extend(target.parent.iterdir()))
    assert len(seen) == 1
    seen[0].write_bytes(b"half")  # as SIGKILL leaves it
    assert collect(tmp_path / "runs", dry_run=False).count == 1
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("folder", [".", "studies", "findings", "locks"])
def test_gc_leaves_a_temporary_file_that_no_lock_tells_to_be_dead_until_it_is_a_day_old(
    folder: str, tmp_path: Path
) -> None:
    Store.create(tmp_path)
    (tmp_path / folder).mkdir(exist_ok=True)
    left = tmp_path / folder / ".name.json.0123abcd"
    left.write_bytes(b"half")
    assert collect(tmp_path, dry_run=False).count == 0
    os.utime(left, (0, time.time() - 86_401))
    assert collect(tmp_path, dry_run=False).count == 1
    assert not left.exists()
    assert (tmp_path / "locks" / ".writable").exists()


def test_what_a_living_writer_has_under_its_lock_is_left_over_only_when_it_is_dead(
    tmp_path: Path,
) -> None:
    store, cell = Store.create(tmp_path), a_cell()
    folder = store.folder(cell.id)
    with store.writing(cell):
        (folder / "probes").mkdir(parents=True)
        names = (".result.json.0123abcd", "probes/.facade.json.0123abcd")
        for name in names:
            (folder / name).write_bytes(b"half")
        assert list(leftovers(store)) == []
    assert list(leftovers(store)) == [folder / name for name in names]


def test_attempts_at_what_is_measured_are_left_over_unless_a_failure_is_told(
    tmp_path: Path,
) -> None:
    store = Store.create(tmp_path)
    commit(tmp_path)
    measure(tmp_path)
    notes = MeasurementWriter(store.folder(a_cell().id))
    notes.begin("session", {})
    assert list(leftovers(store)) == [notes.folder / "attempts.jsonl"]
    notes.record_failure("session", "out of memory")
    assert list(leftovers(store)) == []
    notes.conclude()
    assert list(leftovers(store)) == []


def test_what_is_left_over_is_told_in_order(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    names = [f"{number:016x}-0" for number in range(20)]
    for name in reversed(names):
        for folder in (store.folder(name), tmp_path / "quarantine" / name):
            folder.mkdir()
        (store.folder(name) / ".cell.json.0123abcd").write_bytes(b"half")
    assert list(leftovers(store)) == [
        *(store.folder(name) / ".cell.json.0123abcd" for name in names),
        *(tmp_path / "quarantine" / name for name in names),
    ]
    for path in ("runs", "quarantine"):
        shutil.rmtree(tmp_path / path)
    assert list(leftovers(store)) == []


def test_a_file_that_its_writer_renames_meanwhile_is_not_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create(tmp_path)
    for name in (".a.json.0123abcd", ".b.json.0123abcd"):
        (tmp_path / "studies" / name).write_bytes(b"half")
        os.utime(tmp_path / "studies" / name, (0, 0))
    stat_of = Path.stat

    def stat_once_renamed(self: Path, **options: bool) -> os.stat_result:
        if self.name.startswith(".a"):
            raise FileNotFoundError(self)
        return stat_of(self, **options)

    monkeypatch.setattr(Path, "stat", stat_once_renamed)
    assert [path.name for path in leftovers(store)] == [".b.json.0123abcd"]


def test_gc_takes_checkpoints_that_a_killed_writer_left_beside_its_result(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    for name in ("finished", "unfinished"):
        store.folder(name).mkdir()
        (store.folder(name) / "checkpoint-00001-0000000-c0ffee.safetensors").write_bytes(b"state")
    (store.folder("finished") / "result.json").write_bytes(b"{}")
    assert collect(tmp_path, dry_run=False).size_bytes == len(b"state")
    assert [path.name for path in store.folder("finished").iterdir()] == ["result.json"]
    assert len(list(store.folder("unfinished").iterdir())) == 1


def test_gc_takes_half_a_run_and_what_a_finished_cell_no_longer_needs(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    for name in ("finished", "unfinished"):
        folder = store.places.unfinished(name)
        (folder / ".run-0123abcd").mkdir(parents=True)
        (folder / ".run-0123abcd" / "model.safetensors").write_bytes(b"half")
        (folder / "checkpoint-00001-0000000-c0ffee.safetensors").write_bytes(b"state")
    (tmp_path / "unfinished" / ".trial-0123abcd").mkdir()
    store.folder("finished").mkdir()
    assert list(store.unfinished()) == ["finished", "unfinished"]
    (store.folder("finished") / "result.json").write_bytes(b"{}")
    assert collect(tmp_path, dry_run=False).size_bytes == 2 * len(b"half") + len(b"state")
    assert list(store.unfinished()) == ["unfinished"]
    assert [path.name for path in (tmp_path / "unfinished").iterdir()] == ["unfinished"]
    (kept,) = (tmp_path / "unfinished").glob("*/*")
    assert kept.name == "checkpoint-00001-0000000-c0ffee.safetensors"
    assert kept.parent.name == "unfinished"
