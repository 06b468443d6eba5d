"""A remembered hash is used only while its file cannot have changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.data import file_facts, file_hashes
from poolbench.data.file_hashes import hash_files


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
