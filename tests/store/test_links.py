"""A store may come from anywhere: nothing it links to is changed or deleted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from poolbench.app.store import collect, set_aside, verify
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.store.attempts import Attempts
from poolbench.store.files import append_line, read_file, remove_file, remove_tree, write_atomic
from poolbench.store.findings import read_finding, save_finding
from poolbench.store.leftovers import leftovers
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store
from tests.cells import a_cell
from tests.store.made_up import commit, measure

CELL = a_cell()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder beside the store, with what somebody wants to keep."""
    folder = tmp_path / "outside"
    for name in (
        "notes.txt",
        ".name.json.0123abcd",
        "probes/.name.json.0123abcd",
        "checkpoint-00001-0000000-c0ffee.safetensors",
        "result.json",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"keep me\n")
        os.utime(folder / name, (0, 0))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "runs")
    commit(made.path)
    measure(made.path)
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def replaced_by_link(path: Path, target: Path) -> None:
    if path.is_dir():
        remove_tree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)


PLACES: dict[str, Callable[[Store], Path]] = {
    "run": lambda store: store.folder(CELL.id),
    "another run": lambda store: store.folder("0" * 16),
    "probes": lambda store: store.folder(CELL.id) / "probes",
    "unfinished": lambda store: store.places.unfinished(CELL.id),
    "quarantined": lambda store: store.places.quarantine / "x",
    "session": lambda store: store.session_folder("here-1-0123abcd"),
    "findings": lambda store: store.path / "findings",
    "quarantine": lambda store: store.places.quarantine,
    "runs": lambda store: store.path / "runs",
    "locks": lambda store: store.path / "locks",
    "sessions": lambda store: store.path / "sessions",
    "studies": lambda store: store.path / "studies",
    "a folder of one's own": lambda store: store.path / "mine",
}


@pytest.mark.parametrize("place", PLACES)
def test_no_command_follows_a_link_to_a_folder(place: str, store: Store, outside: Path) -> None:
    replaced_by_link(PLACES[place](store), outside)
    before = contents(outside)
    found = verify(store.path)
    actions: list[Callable[[], object]] = [
        lambda: collect(store.path, dry_run=True),
        lambda: collect(store.path, dry_run=False),
        lambda: set_aside(store.path, found.damaged),
        lambda: MeasurementWriter(store.folder(CELL.id)).begin("session", {}),
        lambda: measure(store.path, name="pgd"),
        lambda: save_finding(store, "f00", {}),
        lambda: commit(store.path, host="elsewhere"),
        lambda: collect(store.path, dry_run=False),
    ]
    for act in actions:
        with suppress(EnvironmentFault):
            act()
    assert contents(outside) == before


@pytest.mark.parametrize("place", ["another run", "unfinished", "a folder of one's own"])
def test_what_is_behind_a_link_is_no_leftover(place: str, store: Store, outside: Path) -> None:
    replaced_by_link(PLACES[place](store), outside)
    assert list(leftovers(store)) == []


def test_no_lock_is_taken_through_a_link(store: Store, outside: Path) -> None:
    replaced_by_link(store.path / "locks" / CELL.id, outside / "notes.txt")
    with pytest.raises(EnvironmentFault, match="symbolic link"):
        store.is_being_written(CELL.id)
    assert (outside / "notes.txt").read_bytes() == b"keep me\n"


@pytest.mark.parametrize("name", ["attempts.jsonl", "probes/attempts.jsonl"])
def test_no_line_is_appended_through_a_link(name: str, store: Store, outside: Path) -> None:
    link = store.folder(CELL.id) / name
    replaced_by_link(link, outside / "notes.txt")
    with pytest.raises(EnvironmentFault, match=f"{link.name} is a symbolic link"):
        Attempts(link.parent).begin("session", {})
    with pytest.raises(EnvironmentFault):
        append_line(link, "line\n")
    assert (outside / "notes.txt").read_bytes() == b"keep me\n"


def test_a_link_to_a_file_is_replaced_or_deleted_and_what_it_links_to_stays(
    store: Store, outside: Path
) -> None:
    links = [store.path / "studies" / f"{name}.json" for name in "ab"]
    for link in links:
        link.symlink_to(outside / "notes.txt")
    write_atomic(links[0], b"study")
    remove_file(links[1])
    assert (links[0].is_symlink(), links[0].read_bytes(), links[1].exists()) == (
        False,
        b"study",
        False,
    )
    assert (outside / "notes.txt").read_bytes() == b"keep me\n"


def test_a_link_to_a_folder_in_quarantine_is_deleted_alone(store: Store, outside: Path) -> None:
    (link := store.places.quarantine / "x").symlink_to(outside)
    before, size_bytes = contents(outside), link.lstat().st_size
    removed = collect(store.path, dry_run=False)
    assert (removed.count, removed.kept) == (1, ())
    assert removed.size_bytes == size_bytes, "the link's size, not that of what it links to"
    assert not link.is_symlink()
    assert contents(outside) == before


def test_a_store_behind_a_link_is_written_as_any(tmp_path: Path) -> None:
    Store.create(tmp_path / "disk")
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    commit(tmp_path / "runs")
    assert list(Store(tmp_path / "disk").finished()) == [CELL.id]


def test_gc_goes_on_past_what_it_cannot_delete(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (store.places.quarantine / name).mkdir()
        (store.places.quarantine / name / "file").write_bytes(b"data")
    rmtree = shutil.rmtree

    def refuse_b(path: Path, *rest: object, **others: object) -> None:
        if path.name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        rmtree(path, *rest, **others)

    monkeypatch.setattr("shutil.rmtree", refuse_b)
    removed = collect(store.path, dry_run=False)
    assert (removed.count, removed.size_bytes) == (2, 8)
    (told,) = removed.kept
    assert "cannot delete" in told
    assert str(store.places.quarantine / "b") in told
    assert [path.name for path in store.places.quarantine.iterdir()] == ["b"]


@pytest.mark.parametrize("folder", ["mine", "mine/below", "studies/x", "sessions/notes"])
def test_temporary_files_are_found_everywhere_below_the_store(folder: str, store: Store) -> None:
    (store.path / folder).mkdir(parents=True)
    left = store.path / folder / ".name.json.0123abcd"
    left.write_bytes(b"half")
    assert collect(store.path, dry_run=False).count == 0
    os.utime(left, (0, 0))
    assert collect(store.path, dry_run=False).count == 1
    assert not left.exists()


@pytest.mark.timeout(60)
def test_what_is_no_file_is_damaged_and_never_waited_for(store: Store, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "device.json").symlink_to("/dev/zero")
    for name in ("pipe.json", "folder.json", "device.json"):
        with pytest.raises(Damaged, match=f"{name} is not a file"):
            read_file(tmp_path / name)
    folder = store.path / "findings"
    folder.mkdir()
    os.mkfifo(folder / "f00.json")
    assert read_finding(store, "f00") is None
