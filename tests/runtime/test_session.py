"""What a worker elsewhere is told, and refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from poolbench import __version__
from poolbench.core.errors import EnvironmentFault
from poolbench.core.events import Event
from poolbench.runtime.session import Assignment, Session
from poolbench.runtime.worker import work
from poolbench.store.store import Store
from tests.cells import a_study

STUDY = a_study(("average", "max"), seeds=2)


def assignment(session: Session, **changes: str) -> Assignment:
    asked = Assignment(
        task="train",
        store=str(session.store.path),
        session=session.name,
        worker="worker-0",
        device="cpu",
        threads=1,
        data_root="",
    )
    return replace(asked, **changes)


def test_a_worker_of_another_version_does_nothing_and_says_what_to_install(tmp_path: Path) -> None:
    session = Session.start(Store.create(tmp_path / "runs"), STUDY)
    job = session.job(assignment(session, version="0.0.1"))
    assert work(job.file) == 6
    fault = session.fault()
    assert fault is not None
    assert __version__ in fault.message
    assert "pip install poolbench==0.0.1" in fault.hint
    assert not session.has_begun("worker-0")
    assert list(session.store.finished()) == []


def test_a_fault_of_another_node_is_told_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session.start(Store.create(tmp_path / "runs"), a_study())
    told = []
    for node in ("n7", ""):
        monkeypatch.setenv("SLURMD_NODENAME", node)
        session.report_fault(EnvironmentFault("no CUDA device", "try: nvidia-smi"))
        monkeypatch.delenv("SLURMD_NODENAME")
        fault = session.fault()
        assert fault is not None
        told.append((fault.message, fault.hint))
    assert told == [
        ("n7: no CUDA device", "try: nvidia-smi"),
        ("no CUDA device", "try: nvidia-smi"),
    ]


def test_a_worker_has_the_part_of_the_study_that_is_its_own(tmp_path: Path) -> None:
    session = Session.start(Store.create(tmp_path / "runs"), STUDY)
    part = replace(STUDY, cells=STUDY.cells[1:3])
    session.job(assignment(session, study=session.part("worker-0", part)))
    assert session.cells_of("worker-0") == [cell.id for cell in STUDY.cells[1:3]]
    assert session.study().cells == STUDY.cells
    assert session.count_jobs() == 1


def test_a_later_command_finds_the_sessions_of_its_study_and_task(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "runs")
    session = Session.start(store, STUDY)
    session.job(assignment(session))
    Session.start(store, STUDY)  # it has no jobs
    other = Session.start(store, replace(STUDY, cells=STUDY.cells[:1]))
    other.job(assignment(other))
    found = [each.name for each in Session.of_study(store, STUDY, "train")]
    assert found == [session.name]
    assert list(Session.of_study(store, STUDY, "probe")) == []


def test_events_are_told_once_and_a_torn_line_waits(tmp_path: Path) -> None:
    session = Session.start(Store.create(tmp_path / "runs"), STUDY)
    session.emit("worker-0", Event(kind="started", cell="a"))
    file = session.folder / "worker-0.events"
    file.write_bytes(file.read_bytes() + b'{"kind": "fin')
    reader = Session(session.store, session.name)
    assert [event.kind for event in reader.events()] == ["started"]
    assert list(reader.events()) == []
    with file.open("ab") as torn:
        torn.write(b'ished"}\n')
    assert [event.kind for event in reader.events()] == ["finished"]
