"""What is found in a store whose writer was killed, or met a broken disk, at any of its calls."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from poolbench.core.document import Damaged
from poolbench.core.measurement import Measurement, Point
from poolbench.core.named import Named
from poolbench.core.record import Epoch, Result, Timing
from poolbench.core.study import Study
from poolbench.store.attempts import read_failure
from poolbench.store.findings import read_finding, save_finding
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store
from poolbench.store.writer import CellWriter
from tests.cells import a_cell, a_study
from tests.store.interrupted import End, contents, each_end

pytestmark = pytest.mark.parametrize("end", get_args(End))

CELL = a_cell()
ARTEFACTS = {"model.safetensors": b"weights", "predictions.npz": b"predictions"}
VOUCHED_FOR = {"cell.json", "history.jsonl", "timings.jsonl", "environment.json", *ARTEFACTS}
MEASUREMENT = Measurement(
    probe=Named(name="fgsm", options={"epsilons": (0.0,)}),
    network=hashlib.sha256(b"weights").hexdigest(),
    status="ok",
    points=(Point(at=0.0, correct=9, total=10),),
)
STUDY = a_study()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a call was made is counted; to wait for the disk teaches nothing here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def writer_at(path: Path) -> CellWriter:
    # Without its lock, which a dead process would have left to the kernel.
    return CellWriter(Store(path).places, CELL)


def make(path: Path) -> None:
    Store.create(path)


def begin(path: Path) -> None:
    make(path)
    writer_at(path).begin("session", {})


def save_checkpoint(path: Path, data: bytes, epoch: int) -> None:
    writer_at(path).save_checkpoint(data, epoch=epoch, step=0)


def begin_and_save(path: Path) -> None:
    begin(path)
    save_checkpoint(path, b"old", 1)


def fail_once(path: Path) -> None:
    begin_and_save(path)
    writer_at(path).record_failure("session", "out of memory")


def commit(path: Path) -> None:
    writer_at(path).commit(
        Result(status="ok", correct=9, total=10, test_loss=0.25, parameters=42, epochs=1),
        history=[Epoch(epoch=1, loss=0.5, lr=0.1, validation_accuracy=None, pooling={})],
        timings=[Timing(epoch=1, duration_s=2.0, images=100)],
        environment={"torch": "2"},
        artefacts=ARTEFACTS,
    )


def measure(path: Path) -> None:
    writer = MeasurementWriter(Store(path).folder(CELL.id))
    writer.begin("session", {})
    writer.save(MEASUREMENT)
    writer.conclude()


def assert_same_when_repeated(
    path: Path, operate: Callable[[Path], None], undisturbed: Path, end: End
) -> None:
    """The operation, done again, leaves the bytes that it leaves where nothing disturbs it."""
    if end == "refused":  # who is still alive tidies up
        assert not [file for file in path.rglob(".*") if file.name != ".writable"]
    operate(path)
    assert contents(path) == contents(undisturbed)


def assert_nothing_between(found: list[Any], before: object, after: object) -> None:
    assert before in found
    assert after in found
    assert all(each in (before, after) for each in found)


def test_a_result_is_never_there_before_all_that_it_vouches_for(tmp_path: Path, end: End) -> None:
    fail_once(tmp_path / "undisturbed")
    commit(tmp_path / "undisturbed")
    found = set()
    for path in each_end(tmp_path, end, fail_once, commit):
        folder = Store(path).folder(CELL.id)
        if (folder / "result.json").exists():
            files = json.loads((folder / "result.json").read_bytes())["files"]
            assert set(files) == VOUCHED_FOR
            for name, facts in files.items():
                data = (folder / name).read_bytes()
                assert hashlib.sha256(data).hexdigest() == facts["sha256"], name
        else:
            assert writer_at(path).load_checkpoint() == (b"old", [])
            assert read_failure(writer_at(path).folder) is not None
        found.add(Store(path).verify(CELL.id))
        assert_same_when_repeated(path, commit, tmp_path / "undisturbed", end)
    assert found == {"", "not finished"}


def test_the_old_checkpoint_is_there_until_the_new_one_is_safe(tmp_path: Path, end: End) -> None:
    def save(path: Path) -> None:
        save_checkpoint(path, b"new", 2)

    begin_and_save(tmp_path / "undisturbed")
    save(tmp_path / "undisturbed")
    found = []
    for path in each_end(tmp_path, end, begin_and_save, save):
        found.append(writer_at(path).load_checkpoint())
        assert_same_when_repeated(path, save, tmp_path / "undisturbed", end)
    assert_nothing_between(found, (b"old", []), (b"new", []))


def test_a_cell_that_was_hardly_begun_is_begun_again(tmp_path: Path, end: End) -> None:
    for path in each_end(tmp_path, end, make, begin):
        begin(path)
        assert (writer_at(path).folder / "cell.json").read_bytes() == CELL.identity
        assert {attempt["session"] for attempt in writer_at(path).attempts()} == {"session"}


@pytest.mark.parametrize("before", [None, b"damaged"])
def test_a_measurement_is_whole_or_what_it_was_before(
    tmp_path: Path, before: bytes | None, end: End
) -> None:
    def prepare(path: Path) -> None:
        begin(path)
        commit(path)
        if before is not None:
            file = Store(path).folder(CELL.id) / "probes" / f"{MEASUREMENT.key}.json"
            file.parent.mkdir()
            file.write_bytes(before)

    prepare(tmp_path / "undisturbed")
    measure(tmp_path / "undisturbed")
    found = []
    for path in each_end(tmp_path, end, prepare, measure):
        try:
            found.append(Store(path).measurement(CELL.id, MEASUREMENT.key))
        except FileNotFoundError:
            found.append(None)
        except Damaged:
            found.append(before)
        assert Store(path).read(CELL.id).network == MEASUREMENT.network
        assert_same_when_repeated(path, measure, tmp_path / "undisturbed", end)
    assert_nothing_between(found, before, MEASUREMENT)


@pytest.mark.parametrize("before", [[], [replace(STUDY, title="As it was")]])
def test_a_study_is_whole_or_what_it_was_before(
    tmp_path: Path, before: list[Study], end: End
) -> None:
    def prepare(path: Path) -> None:
        make(path)
        for study in before:
            Store(path).remember(study)

    def remember(path: Path) -> None:
        Store(path).remember(STUDY)

    prepare(tmp_path / "undisturbed")
    remember(tmp_path / "undisturbed")
    found = []
    for path in each_end(tmp_path, end, prepare, remember):
        found.append(list(Store(path).studies()))
        assert_same_when_repeated(path, remember, tmp_path / "undisturbed", end)
    assert_nothing_between(found, before, [STUDY])


def test_a_finding_is_whole_or_what_it_was_before(tmp_path: Path, end: End) -> None:
    before, after = {"rate": 1}, {"rate": 2}

    def prepare(path: Path) -> None:
        save_finding(Store.create(path), "key", before)

    def save(path: Path) -> None:
        save_finding(Store(path), "key", after)

    found = [read_finding(Store(path), "key") for path in each_end(tmp_path, end, prepare, save)]
    assert_nothing_between(found, before, after)


def test_a_store_that_was_hardly_made_is_made_again(tmp_path: Path, end: End) -> None:
    make(tmp_path / "undisturbed")
    for path in each_end(tmp_path, end, Path.mkdir, make):
        assert_same_when_repeated(path, make, tmp_path / "undisturbed", end)
