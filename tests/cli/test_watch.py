"""Watching from another terminal."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

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


def test_without_a_store_there_is_nothing_to_watch(poolbench: Program) -> None:
    assert poolbench("watch", "--store", "none").code == 6
