"""Who attends a session, and what becomes of one that several commands share."""

# ruff: noqa: ARG002 - methods of a protocol that need not look at all they get

from __future__ import annotations

import os
import platform
import shlex
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from poolbench.app.watch import Watching
from poolbench.core.errors import EnvironmentFault, Interrupted, PoolbenchError
from poolbench.core.events import Event
from poolbench.core.study import Execution
from poolbench.engines import ENGINES
from poolbench.engines.api import Ended, Job, Unreachable, Workers
from poolbench.runtime import attendance
from poolbench.runtime.attendance import attending, is_attended
from poolbench.runtime.runner import Runner
from poolbench.runtime.session import Assignment, Session
from poolbench.runtime.settings import Settings
from poolbench.store.store import Store
from tests.cells import a_study
from tests.store.made_up import commit

STUDY = a_study(("max",), seeds=2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "runs")


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """Start another process, which lives until the test is over."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def sign(session: Session, pid: int, *, host: str = platform.node(), age_s: float = 0.0) -> None:
    file = session.folder / f"{host}.{pid}.alive"
    file.touch()
    seen_s = time.time() - age_s
    os.utime(file, (seen_s, seen_s))


def test_a_clock_that_is_years_ahead_ends_no_session_of_another_machine(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session.start(store, STUDY)
    sign(session, 1, host="elsewhere")
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 1e8)
    assert not session.is_over()
    monkeypatch.undo()
    sign(session, 1, host="elsewhere", age_s=1e4)
    monkeypatch.setattr(time, "time", lambda: now_s - 1e8)
    assert session.is_over()


def test_a_session_is_over_when_nobody_attends_it(
    store: Store, other: subprocess.Popen[bytes]
) -> None:
    session = Session.start(store, STUDY)
    sign(session, other.pid)
    assert not session.is_over()
    other.kill()
    other.wait()
    assert session.is_over()
    with attending(session.folder):
        assert not session.is_over()
        assert not is_attended(session.folder, by_others=True)
    assert not list(session.folder.glob(f"*.{os.getpid()}.alive"))


def test_a_command_elsewhere_is_dead_when_it_has_been_silent(store: Store) -> None:
    session = Session.start(store, STUDY)
    sign(session, os.getpid(), host="elsewhere.cluster", age_s=200)
    assert not session.is_over()
    assert session.is_over(silent_s=100)
    assert not session.is_over({session.name}, silent_s=100)  # Slurm has jobs of it


def test_a_command_renews_its_sign_while_it_works(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "RENEWED_S", 0.01)
    session = Session.start(store, STUDY)
    with attending(session.folder):
        (file,) = session.folder.glob("*.alive")
        os.utime(file, (0, 0))
        deadline = time.monotonic() + 30
        while file.stat().st_mtime == 0:
            assert time.monotonic() < deadline
            time.sleep(0.005)


def test_sessions_within_one_are_no_sessions_of_commands(store: Store) -> None:
    outer = Session.start(store, STUDY)
    inner = Session.start(store, STUDY, within=outer.name)
    assert [folder.name for folder in store.session_folders()] == [outer.name]
    assert inner.study() == STUDY
    inner.emit("worker-0", Event(kind="finished", cell=STUDY.cells[0].id))
    assert len(list(Session(store, inner.name).events())) == 1
    assert Watching(store.path).count == 2
    outer.end()
    assert not inner.folder.exists()


def test_a_damaged_session_is_passed_over(store: Store) -> None:
    Session.start(store, STUDY)
    damaged = Session.start(store, STUDY)
    (damaged.folder / "study.json").write_text("{}")
    assert Watching(store.path).count == 2


class Queue:
    """A queue that runs nothing by itself, as an engine whose jobs outlive their command."""

    is_remote: ClassVar[bool] = True
    is_shared: ClassVar[bool] = False
    slots = None
    cancelled: ClassVar[list[str]] = []
    happens: ClassVar[BaseException | None] = None

    def __init__(self, workers: Workers, **_: object) -> None:
        self._jobs: list[Job] = []

    def cells_per_job(self, count: int) -> int:
        return count

    def submit(self, jobs: Sequence[Job]) -> None:
        self._jobs += jobs

    def poll(self, timeout_s: float) -> Collection[Ended]:
        if type(self).happens is not None:
            raise type(self).happens
        ended, self._jobs = self._jobs, []
        return [Ended(job=job.name, exit_code=None, detail="killed") for job in ended]

    def adopt(self, folder: Path) -> list[str]:
        return []

    def detach(self) -> str:
        left, self._jobs = len(self._jobs), []
        return f"detached: {left} go on" if left else ""

    def stop(self, grace_s: float) -> None:
        self.cancelled += [job.name for job in self._jobs]
        self._jobs = []


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> type[Queue]:
    monkeypatch.setattr(Queue, "cancelled", [])
    monkeypatch.setattr(Queue, "happens", None)
    monkeypatch.setattr(type(ENGINES), "resolve", lambda *_: Queue)
    return Queue


def run(store: Store) -> None:
    with Runner(store, "train", Execution(), Settings(store=store.path)) as runner:
        runner.run(STUDY, STUDY.cells, lambda _: None)


@pytest.mark.parametrize(
    ("happens", "exit_code"),
    [
        (KeyboardInterrupt(), 128 + signal.SIGINT),
        (Interrupted("terminated", signal_number=signal.SIGTERM), 128 + signal.SIGTERM),
        (Unreachable("squeue: timed out", "is the controller up?"), 6),
    ],
)
def test_who_ends_or_asks_in_vain_leaves_the_jobs_to_the_queue(
    store: Store,
    queue: type[Queue],
    monkeypatch: pytest.MonkeyPatch,
    happens: BaseException,
    exit_code: int,
) -> None:
    monkeypatch.setattr(queue, "happens", happens)
    with pytest.raises(PoolbenchError) as caught:
        run(store)
    assert caught.value.exit_code == exit_code
    assert "detached: 1 go on" in caught.value.message
    assert f"poolbench watch --store {shlex.quote(str(store.path))}" in caught.value.hint
    assert queue.cancelled == []
    assert len(store.session_folders()) == 1, "the jobs tell what they do there"


def test_a_fault_of_the_work_cancels_it(
    store: Store, queue: type[Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "happens", EnvironmentFault("no data on n2"))
    with pytest.raises(EnvironmentFault, match="no data on n2"):
        run(store)
    assert queue.cancelled == ["worker-0"]
    assert store.session_folders() == []


def test_what_another_command_goes_on_with_is_not_cancelled_nor_deleted(
    store: Store,
    queue: type[Queue],
    other: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    submit = Queue.submit

    def shared(self: Queue, jobs: Sequence[Job]) -> None:
        submit(self, jobs)
        sign(Session(store, jobs[0].file.parent.name), other.pid)

    monkeypatch.setattr(queue, "submit", shared)
    monkeypatch.setattr(queue, "happens", EnvironmentFault("no data on n2"))
    with pytest.raises(EnvironmentFault, match="no data on n2"):
        run(store)
    assert queue.cancelled == []
    assert len(store.session_folders()) == 1


def test_a_session_that_lives_is_not_deleted_by_another_command(
    store: Store,
    queue: type[Queue],
    other: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    living, dead = Session.start(store, STUDY), Session.start(store, STUDY)
    for session, pid in ((living, other.pid), (dead, 2**22 + 1)):
        session.job(
            Assignment(
                task="train",
                store=str(store.path),
                session=session.name,
                worker="worker-0",
                device="cpu",
                threads=1,
                data_root="",
            )
        )
        sign(session, pid)

    def submit(self: Queue, jobs: Sequence[Job]) -> None:
        self._jobs += jobs
        for cell in STUDY.cells:
            commit(store.path, seed=cell.seed)

    monkeypatch.setattr(queue, "submit", submit)
    run(store)
    assert [folder.name for folder in store.session_folders()] == [living.name]
