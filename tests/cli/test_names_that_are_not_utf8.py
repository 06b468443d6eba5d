"""Files and folders may have any name: it is shown escaped, and nothing ends because of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.core.printable import restored_path, stored_path
from tests.conftest import TINY, Done

Program = Callable[..., Done]
ONE_SEED = ("--set", "recipe.epochs=1", "--set", "seeds=1")
PLUGIN = "# adds nothing\n"


def odd(name: str) -> str:
    """Return a name with a byte that is not UTF-8 at its end."""
    return os.fsdecode(name.encode() + b"\xe9")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with a suite and a plug-in, none of them named in UTF-8."""
    folder = tmp_path / odd("work")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    (folder / f"{odd('suite')}.yaml").write_text(TINY)
    (folder / f"{odd('plug')}.py").write_text(PLUGIN)
    monkeypatch.chdir(folder)
    return folder


def test_every_command_takes_them_and_shows_them_escaped(folder: Path, poolbench: Program) -> None:
    os.chdir(folder)  # the program is called elsewhere
    suite, store, page = f"{odd('suite')}.yaml", odd("store"), odd("page")
    given = (suite, *ONE_SEED, "--store", store)
    both = ("average", "lae", "--suite", *given)
    plugin = f"{odd('plug')}.py"
    for command in [
        ("train", *given, "--engine", "inline", "--plugin", plugin, "--data-root", odd("../work")),
        ("plan", *given),
        ("report", *given, "-o", f"{page}.html"),
        ("report", *given, "-o", f"{page}.csv"),
        ("report", "--store", store, "--format", "json"),
        ("compare", *both),
        ("export", "--store", store, "-o", odd("out"), "--as", "csv"),
        ("list", "runs", "--store", store),
        ("store", "verify", "--store", store),
        ("store", "gc", "--store", store),
        ("store", "freeze", *given, "-o", f"{page}.json"),
        ("report", f"{page}.json", store, "--format", "json"),
        ("store", "merge", store, "-o", odd("merged")),
    ]:
        done = poolbench(*command)
        assert done.code == 0, (command, done.err)
        assert "Traceback" not in done.err
        (done.out + done.err).encode()  # no half of a pair is left
        if "json" in command:
            json.loads(done.out)
    assert (folder / f"{page}.html").read_bytes().decode()
    assert r"store\xe9" in done.out  # the source of the merge


def test_in_a_locale_of_ascii_workers_find_their_store_data_and_plugin(folder: Path) -> None:
    given = (f"{odd('suite')}.yaml", *ONE_SEED, "--store", odd("store"), "--data-root", ".")
    ascii_alone = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "poolbench", "train", *given, "--plugin"]
    done = subprocess.run(
        [*command, f"{odd('plug')}.py", "--only", "average", "--set", "seeds=2"],
        env={**os.environ, **ascii_alone},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert rb"store\xe9" in done.stdout + done.stderr
    assert "±" in done.stdout.decode()


def test_a_path_is_stored_as_text_and_is_the_same_path_again() -> None:
    for name in (b"caf\xe9", b"caf\xc3\xa9", b"a\\xe9", b"\xff\xfe00", b"plain"):
        stored = stored_path(os.fsdecode(name))
        assert os.fsencode(restored_path(json.loads(json.dumps(stored).encode()))) == name
        stored.encode()
