"""An element of an array: how many workers it starts, and what it says when it cannot work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from poolbench.core.cores import count_cores
from poolbench.core.events import Event, Kind
from poolbench.core.study import Study
from poolbench.runtime import element
from poolbench.runtime.devices import assign_devices
from poolbench.runtime.session import Session
from poolbench.runtime.session_work import SessionWork
from poolbench.runtime.settings import Settings
from poolbench.runtime.utilisation import Utilisation
from poolbench.store.store import Store
from tests.cells import a_study

STUDY = a_study()


def test_an_element_starts_as_many_workers_as_the_command_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Settings] = []

    class Recorder:
        def __init__(self, _store: Store, _task: str, _how: Any, settings: Settings, **_: Any):
            started.append(settings)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def run(self, *_: object) -> tuple[dict[str, str], Utilisation]:
            return {}, Utilisation(1)

    monkeypatch.setattr(element, "Runner", Recorder)
    store = Store.create(tmp_path / "runs")
    session = Session.start(store, STUDY)
    for number, jobs in enumerate((1, None)):
        settings = Settings(store=store.path, jobs=jobs, device="cpu")
        work = SessionWork(
            "train", session, STUDY, settings, lambda _: None, is_shared=False, workers=1
        )
        work.job(f"worker-{number}", STUDY.cells, "cpu")
        assert element.Element(session.folder, f"worker-{number}").run() == 0
    assert [each.jobs for each in started] == [1, None]


@pytest.mark.parametrize(
    ("told", "is_requeued"), [(None, False), ("started", False), ("progress", True)]
)
def test_at_its_time_limit_an_element_is_requeued_only_if_it_got_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    told: Kind | None,
    is_requeued: bool,
) -> None:
    class Slow:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def run(self, _study: Study, _cells: object, on_event: Callable[[Event], None]) -> None:
            if told is not None:
                on_event(Event(kind=told, cell="c"))
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(5.0)

    requeued: list[bool] = []
    monkeypatch.setattr(element, "Runner", Slow)
    monkeypatch.setattr(element, "requeue", lambda: requeued.append(True))
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGTERM)}
    store = Store.create(tmp_path / "runs")
    session = Session.start(store, STUDY)
    settings = Settings(store=store.path, device="cpu")
    work = SessionWork(
        "train", session, STUDY, settings, lambda _: None, is_shared=False, workers=1
    )
    work.job("worker-0", STUDY.cells, "cpu")
    try:
        exit_code = element.Element(session.folder, "worker-0").run()
    finally:
        for number, answer in before.items():
            signal.signal(number, answer)
    assert bool(requeued) == is_requeued
    # One that is requeued has not ended: it leaves no exit code.
    assert (session.folder / "worker-0.exit").exists() != is_requeued
    assert (exit_code == 0) == is_requeued
    assert ("execution.engine: {time: ...}" in capsys.readouterr().err) != is_requeued


@pytest.mark.parametrize(
    ("given", "cores"), [("1", 1), ("9999", None), ("", None), ("0", 1), ("x", None)]
)
def test_of_a_node_that_does_not_confine_no_more_cores_are_taken_than_were_given(
    monkeypatch: pytest.MonkeyPatch, given: str, cores: int | None
) -> None:
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", given)
    expected = len(os.sched_getaffinity(0)) if cores is None else cores
    assert count_cores() == expected
    assert assign_devices("cpu", None) == ["cpu"] * expected


def test_a_store_that_is_not_there_is_told_in_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURMD_NODENAME", "n7")
    gone = tmp_path / "sessions" / "s"
    assert element.main(str(gone), "worker-0") == 6
    assert capfd.readouterr().err == (
        f"n7 does not see {gone}: the store must be on a disk that all nodes share\n"
    )


def test_what_is_no_store_is_told_with_what_to_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = Store.create(tmp_path / "runs")
    study: Study = STUDY
    session = Session.start(store, study)
    settings = Settings(store=tmp_path / "nowhere", device="cpu")
    work = SessionWork("train", session, study, settings, lambda _: None, is_shared=True, workers=1)
    job = work.job("worker-0", study.cells, "cpu")
    job.file.write_text(job.file.read_text().replace("/runs", "/nowhere"))
    assert element.main(str(session.folder), "worker-0") == 6
    said = capfd.readouterr().err
    assert "nowhere" in said
    assert "Traceback" not in said
    assert (session.folder / "worker-0.exit").read_text() == "6\n"
