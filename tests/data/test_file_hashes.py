"""A remembered hash is used only while its file cannot have changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.data import file_facts, file_hashes, file_memory
from poolbench.data.decoded import clear_decoded
from poolbench.data.file_hashes import each_hash, hash_files
from poolbench.data.file_memory import FileMemory, memories
from poolbench.data.pictures import progress
from poolbench.data.pictures.cache import entries_folder
from poolbench.data.watching import watched_by


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember the hashes of files that a test has only just written."""
    monkeypatch.setattr(file_facts, "_SETTLED_NS", -1)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    base = tmp_path / "base"
    base.mkdir()
    for name, content in (("a", b"first"), ("b", b"other")):
        (base / name).write_bytes(content)
        os.utime(base / name, ns=(10**18, 10**18))
    return [base / "a", base / "b"]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def copy(source: Path, target: Path) -> None:
    shutil.copy2(source, target)  # cp -p


def move(source: Path, target: Path) -> None:
    shutil.copy2(source, source.with_name("new"))
    source.with_name("new").rename(target)  # rsync -a


def unpack(source: Path, target: Path) -> None:
    target.unlink()
    target.write_bytes(source.read_bytes())  # tar, unzip
    os.utime(target, ns=(10**18, 10**18))


def relink(source: Path, target: Path) -> None:
    target.unlink()
    os.link(source, target)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("exchange", [copy, move, unpack, relink])
def test_content_exchanged_under_the_same_name_size_and_time_is_noticed(
    exchange: object, files: list[Path]
) -> None:
    base = files[0].parent
    assert hash_files(base, files) == {"a": sha256(b"first"), "b": sha256(b"other")}
    before = files[1].stat()
    time.sleep(0.02)  # the clock of older kernels' file systems ticks every 10 ms
    exchange(files[0], files[1])  # type: ignore[operator]
    after = files[1].stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert hash_files(base, files) == {"a": sha256(b"first"), "b": sha256(b"first")}


@pytest.mark.usefixtures("settled")
def test_an_unchanged_file_is_hashed_once(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hash_files(files[0].parent, files)
    monkeypatch.setattr(
        file_hashes, "sha256_of_file", lambda path: pytest.fail(f"hashed {path} again")
    )
    assert hash_files(files[0].parent, files) == first


def test_a_file_that_changed_just_now_is_not_remembered(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_files(files[0].parent, files)
    monkeypatch.setattr(file_hashes, "sha256_of_file", lambda _: "5eed")
    assert set(hash_files(files[0].parent, files).values()) == {"5eed"}


def test_files_that_cannot_be_opened_are_named_together(files: list[Path]) -> None:
    missing = [files[0].with_name(name) for name in ("x", "y")]
    with pytest.raises(EnvironmentFault, match="cannot read 2 pictures") as caught:
        hash_files(files[0].parent, [missing[0], *files, missing[1]])
    assert all(str(path) in caught.value.message for path in missing)


@pytest.mark.usefixtures("settled")
def test_a_kill_loses_few_of_the_hashes(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_facts, "_REMEMBERED_AT_ONCE", 1)
    left = each_hash(files[0].parent, files)
    first = next(left)
    next(left)  # the first is written by now
    left.close()
    again = {files[1]: "5eed"}
    monkeypatch.setattr(file_hashes, "sha256_of_file", again.__getitem__)
    assert dict(each_hash(files[0].parent, files)) == {first[0]: first[1], "b": "5eed"}


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("damage", ["text", "folder", "half"])
def test_a_damaged_memory_is_an_inconvenience(
    damage: str, files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    first = hash_files(files[0].parent, files)
    (memory,) = memories()
    content = memory.read_bytes()
    memory.unlink()
    if damage == "folder":
        memory.mkdir()
    else:
        memory.write_bytes(content[:5000] if damage == "half" else b"no database" * 1000)
    assert hash_files(files[0].parent, files) == first
    assert hash_files(files[0].parent, files) == first


def test_another_process_that_writes_is_no_reason_to_fail(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_facts, "_SETTLED_NS", -1)
    monkeypatch.setattr(file_memory, "_WAIT_S", 0.01)
    first = hash_files(files[0].parent, files)
    (memory,) = memories()
    with closing(sqlite3.connect(memory, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert hash_files(files[0].parent, files) == first


@pytest.mark.usefixtures("settled")
def test_files_that_are_gone_are_forgotten_once_they_are_most(files: list[Path]) -> None:
    base = files[0].parent
    many = [base / f"{number}.png" for number in range(10)]
    for path in many:
        path.write_bytes(path.name.encode())
    hash_files(base, [*files, *many])
    hash_files(base, many)  # of 12, 10 are there
    assert remembered() == 12
    hash_files(base, many[:4])
    assert remembered() == 4
    assert hash_files(base, many[:4]) == {p.name: sha256(p.name.encode()) for p in many[:4]}


def remembered() -> int:
    (memory,) = memories()
    with closing(sqlite3.connect(memory)) as connection:
        return connection.execute("SELECT count(*) FROM files").fetchone()[0]


def test_whoever_watches_is_told_how_far_it_is(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_EVERY_S", 0.0)
    told: list[tuple[str, float]] = []

    class Listening(progress.Unwatched):
        def progress(self, text: str, fraction: float) -> None:
            told.append((text, fraction))

    with watched_by(Listening()):
        hash_files(files[0].parent, files)
    hash_files(files[0].parent, files)  # nobody watches any more
    ((text, fraction),) = told
    assert text.startswith("looking at pictures: 2 of 2, ")
    assert fraction == 1.0


def test_names_that_are_no_text_are_remembered_too(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"gu\xeape.png")
    odd.write_bytes(b"odd")
    assert hash_files(tmp_path, [odd]) == {odd.name: sha256(b"odd")}


def test_what_is_remembered_of_decoded_files_goes_with_them(tmp_path: Path) -> None:
    decoded, mine = entries_folder() / "abc", tmp_path / "mine"
    for folder in (decoded, mine):
        folder.mkdir(parents=True)
        with FileMemory(folder, "hashes") as memory:
            memory.remember([("file", "state", b"fact")])
    assert len(memories()) == 2
    clear_decoded()
    with FileMemory(mine, "hashes") as memory:
        assert memory.recall(["file"]) == {"file": ("state", b"fact")}
    assert len(memories()) == 1
