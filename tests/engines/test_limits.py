"""What the machine refuses is told with its cause and what to do: exit code 6, nothing lost."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.core.limits import limit_fault
from poolbench.engines.api import REFUSED, Job, Workers
from poolbench.engines.local import LocalEngine
from tests.conftest import Done

Program = Callable[..., Done]
ONE_CELL = ("--only", "average@0", "--set", "recipe.epochs=1", "--jobs", "1", "-q")


def limited(tiny: Path, limit: int, most: int, *arguments: object) -> tuple[int, str]:
    """Train a cell under a limit; return the exit code and what was said."""
    command = [sys.executable, "-m", "poolbench", "train", str(tiny), *ONE_CELL]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=tiny.parent,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(limit, (most, most)),
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("limit", "most", "words"),
    [
        (resource.RLIMIT_AS, 700 * 2**20, ("failed to map segment", "ulimit -v")),
        (resource.RLIMIT_NOFILE, 6, ("Too many open files", "ulimit -n")),
        (resource.RLIMIT_FSIZE, 0, ("no space left to write runs/STORE.json", "free some space")),
    ],
    ids=["memory", "files", "disk"],
)
def test_a_command_under_a_limit_names_it_and_says_how_to_raise_it(
    limit: int, most: int, words: tuple[str, ...], tiny: Path
) -> None:
    code, err = limited(tiny, limit, most)
    assert code == 6, err
    assert "Traceback" not in err
    assert all(each in err for each in words), err
    assert len(err.splitlines()) == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Return a file system of so many files and folders."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(inodes: int) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size=10m,nr_inodes={inodes}", "tmpfs", folder]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a small file system is not permitted here")
        return folder

    yield mount
    subprocess.run(["umount", folder], capture_output=True)


# A worker's log, the lock of its cell and its first event: whatever is refused, it has to say so
# where nothing can be written.
@pytest.mark.parametrize("inodes", [16, 17])
def test_a_disk_that_is_full_as_a_worker_starts_is_told_though_nothing_can_be_noted_there(
    inodes: int, small_disk: Callable[[int], Path], tiny: Path
) -> None:
    code, err = limited(tiny, resource.RLIMIT_CORE, 0, "--store", small_disk(inodes) / "runs")
    assert code == 6, err
    assert "o space left" in err
    assert "free some space" in err
    assert "Traceback" not in err


def test_a_server_killed_before_its_first_cell_is_started_again(
    spawn: Callable[..., subprocess.Popen[str]], tiny: Path
) -> None:
    process = spawn("train", tiny, *ONE_CELL)
    deadline = time.monotonic() + 60
    while not (servers := psutil.Process(process.pid).children()):
        assert time.monotonic() < deadline, "no server comes up"
        time.sleep(0.01)
    servers[0].kill()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert len(list(tiny.parent.glob("runs/runs/*/result.json"))) == 1


def test_a_server_that_is_always_killed_ends_the_command_with_advice(
    poolbench: Program, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny.parent / "doomed.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
    monkeypatch.setenv("PYTHONPATH", str(tiny.parent), prepend=os.pathsep)
    monkeypatch.setattr("poolbench.runtime.runner._WORKER", "doomed:work")
    done = poolbench("train", tiny, *ONE_CELL)
    assert done.code == 6
    assert "each of 3 workers died before its first cell (exit -9)" in done.err
    assert "short of memory" in done.err


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("import threading\ndef no(*_): raise RuntimeError(\"can't start new thread\")\n"
         "threading.Thread.start = no\nfrom runpy import run_path as work", "new thread"),
        ("raise MemoryError", "out of memory"),
        ("raise ImportError('libtorch.so: failed to map segment from shared object')", "map"),
    ],
    ids=["thread", "memory", "library"],
)  # fmt: skip
def test_a_worker_that_is_refused_what_it_needs_says_what_and_what_to_do(
    code: str, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "refused.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    engine = LocalEngine(Workers(target="refused:work"))
    engine.submit([Job(name="job", file=tmp_path / "refused.py", log=tmp_path / "log")])
    ended = next(iter(engine.poll(60)))
    engine.stop(0)
    assert ended.exit_code == REFUSED
    *_, message, advice = (tmp_path / "log").read_text().splitlines()
    assert cause in message
    assert "ulimit" in advice


def test_other_errors_are_not_taken_for_limits() -> None:
    for error in (ValueError("cannot allocate memory"), OSError("odd"), RuntimeError("odd"),
                  ImportError("no module named torch"), FileNotFoundError(2, "none")):  # fmt: skip
        assert limit_fault(error) is None
    assert isinstance(limit_fault(OSError(24, "Too many open files")), EnvironmentFault)
