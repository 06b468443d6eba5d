"""The libraries in the user's cache: only what we wrote there, unharmed, is ever loaded."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs
import pytest
import torch

from poolbench.core import user_cache
from poolbench.operators import kernels
from poolbench.operators.kernels import native
from poolbench.operators.kernels.native import kept, library
from tests.conftest import Done

pytestmark = pytest.mark.skipif(
    native.fault() is not None, reason=native.fault() or "there is a compiler"
)

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return sources that take a moment to build, unlike ours."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "maps.h").write_text("static const int count = 42;\n")
    for name in ("peaks", "smooth_maximum"):
        (folder / f"{name}.c").write_text('#include "maps.h"\nint pool(void) { return count; }\n')
    return folder


@pytest.fixture
def folder(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return where libraries are kept, which nobody has loaded one from."""
    monkeypatch.setenv("POOLBENCH_CACHE", str(tmp_path / "not" / "there" / "yet"))
    monkeypatch.setattr(library, "_FOLDER", sources)
    library._load.cache_clear()
    yield tmp_path / "not" / "there" / "yet" / "kernels"
    library._load.cache_clear()


def load() -> ctypes.CDLL:
    """Return a library that works, as the next process would."""
    library._load.cache_clear()
    found = library.library("smooth_maximum", "double")
    assert isinstance(found, ctypes.CDLL)
    assert found.pool() == 42
    return found


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_library_is_built_once_and_kept_for_its_user_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        load()
    finally:
        os.umask(before)
    (path,) = folder.iterdir()
    assert (mode(folder), mode(path)) == (0o700, 0o600)
    written = path.stat()
    assert load()._name == str(path)
    assert path.stat() == written


def rewrite(path: Path, data: bytes) -> None:
    path.unlink()  # this process has it mapped
    path.write_bytes(data)
    path.chmod(0o600)


def cut(path: Path) -> None:
    rewrite(path, path.read_bytes()[: path.stat().st_size // 3])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    rewrite(path, data)


def link(path: Path) -> None:
    path.replace(path.parent.parent / "elsewhere.so")
    path.symlink_to("../elsewhere.so")


def open_to_all(path: Path) -> None:
    path.chmod(0o666)


def give_away(path: Path) -> None:
    os.chown(path, NOBODY, NOBODY)


HARM = [cut, flip, link, open_to_all, pytest.param(give_away, marks=needs_root)]


@pytest.mark.parametrize("harm", HARM)
def test_what_is_not_as_we_wrote_it_is_replaced_and_never_loaded(
    harm: Callable[[Path], None], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load()
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    harm(path)
    with path.open("rb") as harmed:
        before = harmed.read()
        load()
        harmed.seek(0)
        assert harmed.read() == before  # replaced by a rename: who has it mapped is not disturbed
    assert path.read_bytes() == whole
    assert mode(path) == 0o600
    assert not path.is_symlink()
    assert path.stat().st_uid == os.geteuid()
    assert list(folder.iterdir()) == [path]
    assert "building it again" in caplog.text


def test_two_processes_that_find_a_damaged_library_at_once_both_get_a_whole_one(
    folder: Path, sources: Path
) -> None:
    load()
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    cut(path)
    code = (
        "import sys; from pathlib import Path\n"
        "from poolbench.operators.kernels.native import library\n"
        "library._FOLDER = Path(sys.argv[1])\n"
        "print(library.library('smooth_maximum', 'double').pool())\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, sources], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [(each.communicate()[0], each.returncode) for each in both] == [(b"42\n", 0)] * 2
    assert path.read_bytes() == whole


def make_a_link(folder: Path) -> None:
    (folder.parent / "mine").mkdir(parents=True)
    folder.symlink_to("mine")


def make_a_file(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.touch()


def make_anothers(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.chown(folder, NOBODY, NOBODY)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_a_link, "is a link"),
        (make_a_file, "File exists"),
        pytest.param(make_anothers, "belongs to another user", marks=needs_root),
    ],
)
def test_a_folder_that_cannot_be_trusted_is_not_used_and_doctor_says_so(
    make: Callable[[Path], None], reason: str, folder: Path, poolbench: Callable[..., Done]
) -> None:
    make(folder)
    assert not Path(load()._name).exists()  # of this process alone
    done = poolbench("doctor", "--format", "json")
    rows = {row["what"]: row for row in json.loads(done.out)["tables"][0]["rows"]}
    told = rows["pooling kernels, cpu"]
    assert told["level"] == "note"
    assert reason in told["found"]
    assert str(folder) in told["found"]
    assert "POOLBENCH_CACHE" in told["advice"]
    assert folder.is_file() or not list(folder.iterdir())


def test_a_folder_of_ours_that_others_could_write_is_closed_to_them(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    load()
    assert mode(folder) == 0o700
    assert native.unkept() is None


def test_a_full_disk_costs_the_copy_and_not_the_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, os.strerror(28), "somewhere")

    monkeypatch.setattr(kept, "write_whole", refuse)
    load()
    assert native.unkept() == "somewhere: No space left on device"
    assert kernels.faults(torch.device("cpu")) == []


def test_a_user_without_a_home_has_a_private_cache_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So platformdirs answers where neither HOME nor the list of users names a folder.
    monkeypatch.delenv("POOLBENCH_CACHE")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: Path("~/.cache/poolbench"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    user_cache._without_home.cache_clear()
    first = user_cache.cache_folder()
    assert first.parent == tmp_path
    assert mode(first) == 0o700
    user_cache._without_home.cache_clear()
    assert user_cache.cache_folder() == first
    # Where another user was there first, nothing of theirs is used.
    first.rmdir()
    first.symlink_to(tmp_path)
    user_cache._without_home.cache_clear()
    assert user_cache.cache_folder() != first
    user_cache._without_home.cache_clear()
