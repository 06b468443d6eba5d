"""Watching from another terminal."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.app.study import load_study
from poolbench.app.watch import Watching
from poolbench.core.events import Event
from poolbench.runtime.session import Session
from poolbench.store.store import Store
from tests.cells import a_study
from tests.conftest import Done
from tests.store.made_up import commit

Program = Callable[..., Done]


def test_watch_shows_what_another_command_does_and_ends_with_it(
    poolbench: Program, spawn: Callable[..., subprocess.Popen[str]], tiny: Path
) -> None:
    process = spawn("train", tiny, "--jobs", 1)
    deadline = time.monotonic() + 120
    while not list((tiny.parent / "runs").glob("sessions/*/study.json")):
        assert time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    done = poolbench("watch")
    assert done.code == 0
    assert sum("finished" in line for line in done.err.splitlines()) == 4
    assert "4/4" in done.err
    assert process.wait(60) == 0
    again = poolbench("watch")
    assert again.code == 5
    assert "no command runs on runs" in again.err


def test_what_came_after_the_last_look_is_told_from_the_store(tmp_path: Path) -> None:
    study = a_study(("max",), seeds=2)
    store = Store.create(tmp_path / "runs")
    session = Session.start(store, study)
    watching = Watching(tmp_path / "runs")
    commit(store.path, seed=1)
    session.end()  # with it go its events
    seen: list[Event] = []
    watching.follow(seen.append)
    assert [(event.kind, event.cell) for event in seen] == [("finished", study.cells[1].id)]
    assert seen[0].accuracy == 0.9


def test_what_a_command_said_that_is_gone_is_over(poolbench: Program, tiny: Path) -> None:
    store = Store.create(tiny.parent / "runs")
    study = load_study(tiny)
    session = Session.start(store, study)
    session.emit("worker-0", Event(kind="started", cell=study.cells[0].id))
    assert not session.is_over(())
    dead = subprocess.Popen(["true"])
    dead.wait()
    gone = f"{platform.node()}-{dead.pid}-{session.name[-8:]}"
    session.folder.rename(session.folder.with_name(gone))
    old = Session(store, gone)
    assert old.is_over(())
    assert not old.is_over({gone})  # Slurm has jobs of it
    assert not Session(store, f"elsewhere-{os.getpid()}-{session.name[-8:]}").folder.exists()
    assert poolbench("watch").code == 5


def test_only_what_slurm_runs_is_cancelled(poolbench: Program, tiny: Path) -> None:
    session = Session.start(Store.create(tiny.parent / "runs"), load_study(tiny))
    done = poolbench("cancel")
    assert done.code == 5
    assert "Ctrl-C" in done.err
    assert session.folder.exists()
    assert session.fault() is None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_stops_watching_is_told_nothing_of_work(
    spawn: Callable[..., subprocess.Popen[str]], tiny: Path, number: int, code: int
) -> None:
    study = load_study(tiny)
    session = Session.start(Store.create(tiny.parent / "runs"), study)
    session.emit("worker-0", Event(kind="failed", cell=study.cells[0].id, detail="no luck"))
    process = spawn("watch", "runs")
    assert process.stderr is not None
    assert "no luck" in process.stderr.readline()
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == code, told
    assert told.splitlines()[-1] == "no longer watching; what runs goes on"
    assert "work" not in told
    assert "continue" not in told


def test_a_store_is_named_as_the_argument_or_with_its_option(
    poolbench: Program, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.create(tiny.parent / "here")
    for command in ("watch", "cancel"):
        for named in (["here"], ["--store", "here"], ["here", "--store", "./here"]):
            done = poolbench(command, *named)
            assert (done.code, "no command runs on here" in done.err) == (5, True)
        done = poolbench(command, "here", "--store", "there")
        assert done.code == 2
        assert "two stores are named, here and --store there" in done.err
    monkeypatch.setenv("POOLBENCH_STORE", "there")
    assert "no command runs on here" in poolbench("watch", "here").err
    assert "no store at there" in poolbench("watch").err


def test_without_a_store_there_is_nothing_to_watch(poolbench: Program) -> None:
    assert poolbench("watch", "--store", "none").code == 6
