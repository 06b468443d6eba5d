from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from poolbench.engines.api import Ended, Job
from poolbench.engines.inline import InlineEngine
from poolbench.engines.local import LocalEngine

# Stands in for the worker's command line: runs the job file itself.
COMMAND = [sys.executable]


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(COMMAND, threads=1)
    yield engine
    engine.stop(0.0)


def job(folder: Path, code: str, name: str = "job") -> Job:
    file = folder / f"{name}.py"
    file.write_text(code)
    return Job(name=name, file=file, log=folder / f"{name}.log")


def wait(engine: LocalEngine) -> list[Ended]:
    deadline = time.monotonic() + 30
    ended: list[Ended] = []
    while not ended and time.monotonic() < deadline:
        ended += engine.poll(0.1)
    return ended


def test_an_ended_worker_is_told_once_with_its_exit_code(
    engine: LocalEngine, tmp_path: Path
) -> None:
    engine.submit(job(tmp_path, "import sys; print('words'); sys.exit(7)"))
    assert wait(engine) == [Ended(job="job", exit_code=7)]
    assert engine.poll(0.0) == []
    assert (tmp_path / "job.log").read_text() == "words\n"


def test_a_killed_worker_is_told_by_its_signal(engine: LocalEngine, tmp_path: Path) -> None:
    engine.submit(job(tmp_path, "import os; os.kill(os.getpid(), 9)"))
    assert wait(engine) == [Ended(job="job", exit_code=-9)]


def test_poll_does_not_wait_longer_than_asked(engine: LocalEngine, tmp_path: Path) -> None:
    engine.submit(job(tmp_path, "import time; time.sleep(60)"))
    began = time.monotonic()
    assert engine.poll(0.2) == []
    assert time.monotonic() - began < 2


def test_workers_have_their_threads_and_allocator_set_before_they_start(
    tmp_path: Path,
) -> None:
    engine = LocalEngine(COMMAND, threads=3)
    names = "OMP_NUM_THREADS", "MKL_NUM_THREADS", "GLIBC_TUNABLES"
    engine.submit(job(tmp_path, f"import os; print([os.environ[n] for n in {names}])"))
    wait(engine)
    assert (tmp_path / "job.log").read_text().startswith("['3', '3', 'glibc.malloc.")


def test_stop_asks_first_and_kills_what_does_not_listen(tmp_path: Path) -> None:
    engine = LocalEngine(COMMAND, threads=1)
    polite = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); "
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); "
    others = set(psutil.Process().children())
    for name, code in {"polite": polite, "deaf": deaf}.items():
        engine.submit(job(tmp_path, f"{code}print('up', flush=True); time.sleep(60)", name))
    children = set(psutil.Process().children()) - others
    assert len(children) == 2
    for name in ("polite", "deaf"):
        while "up" not in (tmp_path / f"{name}.log").read_text():
            time.sleep(0.02)
    began = time.monotonic()
    engine.stop(1.0)
    assert 0.9 < time.monotonic() - began < 10
    assert not any(child.is_running() for child in children)


def test_the_inline_engine_runs_the_work_and_tells_its_code(tmp_path: Path) -> None:
    seen: list[Path] = []

    def work(file: Path) -> int:
        seen.append(file)
        return 6

    engine = InlineEngine(work)
    engine.submit(job(tmp_path, "", "a"))
    assert seen == [tmp_path / "a.py"]
    assert list(engine.poll(0.0)) == [Ended(job="a", exit_code=6)]
    assert list(engine.poll(0.0)) == []


def test_the_inline_engine_passes_an_interruption_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        InlineEngine(lambda _: 130).submit(job(tmp_path, ""))
