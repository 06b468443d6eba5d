from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from poolbench.engines.api import Ended, Job, Workers
from poolbench.engines.inline import InlineEngine
from poolbench.engines.local import LocalEngine, worker_environment

# Stands in for the worker: runs the job file itself.
TARGET = "runpy:run_path"


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(Workers(target=TARGET))
    yield engine
    engine.stop(0.0)


def job(folder: Path, code: str, name: str = "job") -> Job:
    file = folder / f"{name}.py"
    file.write_text(f"{code}\nimport sys\nsys.exit(0)\n")
    return Job(name=name, file=file, log=folder / f"{name}.log")


# Says that it runs, and goes on running.
UP = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


def up(engine: LocalEngine, folder: Path, code: str, name: str = "up") -> psutil.Process:
    """Return the process of a worker that has run some code and now waits."""
    engine.submit([job(folder, f"{code}\n{UP}", name)])
    return psutil.Process(pid_in(folder / f"{name}.log"))


def pid_in(log: Path) -> int:
    deadline = time.monotonic() + 30
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < deadline, "the worker does not come up"
        time.sleep(0.02)
    return int(log.read_text())


def wait(engine: LocalEngine, count: int = 1) -> list[Ended]:
    deadline = time.monotonic() + 30
    ended: list[Ended] = []
    while len(ended) < count and time.monotonic() < deadline:
        ended += engine.poll(0.1)
    return ended


def test_an_ended_worker_is_told_once_with_its_exit_code(
    engine: LocalEngine, tmp_path: Path
) -> None:
    engine.submit([job(tmp_path, "import sys; print('words'); sys.exit(7)")])
    assert wait(engine) == [Ended(job="job", exit_code=7)]
    assert engine.poll(0.0) == []
    assert (tmp_path / "job.log").read_text() == "words\n"


def test_a_killed_worker_is_told_by_its_signal(engine: LocalEngine, tmp_path: Path) -> None:
    engine.submit([job(tmp_path, "import os; os.kill(os.getpid(), 9)")])
    assert wait(engine) == [Ended(job="job", exit_code=-9)]


def test_poll_does_not_wait_longer_than_asked(engine: LocalEngine, tmp_path: Path) -> None:
    engine.submit([job(tmp_path, "import time; time.sleep(60)")])
    began = time.monotonic()
    assert engine.poll(0.2) == []
    assert time.monotonic() - began < 2


def test_workers_have_their_threads_and_allocator_set_before_they_start(
    tmp_path: Path,
) -> None:
    engine = LocalEngine(Workers(target=TARGET, threads=3))
    names = "OMP_NUM_THREADS", "MKL_NUM_THREADS", "GLIBC_TUNABLES"
    engine.submit([job(tmp_path, f"import os; print([os.environ[n] for n in {names}])")])
    wait(engine)
    engine.stop(0.0)
    assert (tmp_path / "job.log").read_text().startswith("['3', '3', 'glibc.malloc.")


def test_each_worker_has_a_log_of_its_own_and_nothing_to_read(
    engine: LocalEngine, tmp_path: Path
) -> None:
    code = "import os, sys; print(repr(sys.stdin.read())); os.write(2, b'{}')"
    for name in "ab":
        engine.submit([job(tmp_path, code.format(name), name)])
    assert [item.exit_code for item in wait(engine, 2)] == [0, 0]
    assert (tmp_path / "a.log").read_text() == "''\na"
    assert (tmp_path / "b.log").read_text() == "''\nb"


def test_stop_asks_first_and_kills_what_does_not_listen(
    engine: LocalEngine, tmp_path: Path
) -> None:
    polite = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); "
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); "
    processes = [
        up(engine, tmp_path, code, name) for name, code in {"polite": polite, "deaf": deaf}.items()
    ]
    began = time.monotonic()
    engine.stop(1.0)
    assert 0.9 < time.monotonic() - began < 10
    assert not any(process.is_running() for process in processes)


def test_a_stopped_engine_can_start_again(engine: LocalEngine, tmp_path: Path) -> None:
    up(engine, tmp_path, "")
    engine.stop(1.0)
    assert engine.poll(0.0) == []
    engine.submit([job(tmp_path, "import sys; sys.exit(3)", "next")])
    assert wait(engine) == [Ended(job="next", exit_code=3)]


def test_a_server_that_cannot_import_tells_its_exit_code_and_why(tmp_path: Path) -> None:
    engine = LocalEngine(Workers(target="runpy:walk_path"))
    for name in "ab":
        engine.submit([job(tmp_path, "", name)])
    assert wait(engine) == [Ended(job="a", exit_code=1), Ended(job="b", exit_code=1)]
    assert "no attribute 'walk_path'" in (tmp_path / "a.log").read_text()


def test_a_worker_that_the_system_refuses_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The system forks once and then refuses, as it does at a limit of processes.
    (tmp_path / "scarce.py").write_text(
        "import os\nimport runpy\nwork = runpy.run_path\nforks = iter([os.fork])\n"
        "def fork():\n"
        "    for allowed in forks:\n        return allowed()\n"
        "    raise BlockingIOError(11, 'no more processes')\n"
        "os.fork = fork\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    engine = LocalEngine(Workers(target="scarce:work"))
    first = up(engine, tmp_path, "", "first")
    engine.submit([job(tmp_path, "", "second")])
    (ended,) = wait(engine)
    assert (ended.job, ended.exit_code) == ("second", 71)
    assert "no more processes" in ended.detail
    assert "ulimit -u" in ended.detail
    assert first.is_running()
    engine.stop(0.0)


def test_workers_go_when_their_server_is_killed(engine: LocalEngine, tmp_path: Path) -> None:
    processes = [up(engine, tmp_path, "", name) for name in "ab"]
    server = processes[0].parent()
    assert server is not None
    server.kill()
    assert wait(engine) == [Ended(job="a", exit_code=-9), Ended(job="b", exit_code=-9)]
    assert psutil.wait_procs(processes, timeout=10)[1] == []


def test_what_workers_are_forked_from_has_one_thread_and_no_gpu() -> None:
    # A fork copies no thread but its own, and CUDA does not survive one.
    code = """
import os, torch
def refuse(*given): raise RuntimeError("asked for a GPU")
torch._C._cuda_getDeviceCount = torch._C._cuda_init = refuse
import poolbench.runtime.worker
print(len(os.listdir("/proc/self/task")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=worker_environment(os.environ, 1),
        capture_output=True,
        text=True,
    )
    assert done.stdout == "1\n", done.stderr


@pytest.mark.parametrize("code", ["", "signal.signal(15, signal.SIG_IGN)"], ids=["", "deaf"])
def test_all_go_when_the_process_that_wants_them_is_killed(code: str, tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(f"import signal\n{code}\n{UP}")
    command = (
        "from pathlib import Path; from poolbench.engines.api import Job, Workers; "
        "from poolbench.engines.local import LocalEngine; "
        f"engine = LocalEngine(Workers(target={TARGET!r})); "
        "engine.submit([Job(name='job', file=Path('job.py'), log=Path('job.log'))]); "
        "engine.poll(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", command], cwd=tmp_path)
    worker = psutil.Process(pid_in(tmp_path / "job.log"))
    server = worker.parent()
    assert server is not None
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([server, worker], timeout=10)[1] == []


SEEN: list[Path] = []


def note(file: Path) -> int:
    SEEN.append(file)
    return 6


def interrupt(file: Path) -> int:
    return 130


def test_the_inline_engine_runs_the_work_and_tells_its_code(tmp_path: Path) -> None:
    engine = InlineEngine(Workers(target=f"{__name__}:note"))
    SEEN.clear()
    engine.submit([job(tmp_path, "", "a")])
    assert [tmp_path / "a.py"] == SEEN
    assert list(engine.poll(0.0)) == [Ended(job="a", exit_code=6)]
    assert list(engine.poll(0.0)) == []


def test_the_inline_engine_passes_an_interruption_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        InlineEngine(Workers(target=f"{__name__}:interrupt")).submit([job(tmp_path, "")])
