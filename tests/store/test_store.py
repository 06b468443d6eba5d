from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.core.record import Epoch, Result, Timing
from poolbench.store.attempts import read_failure
from poolbench.store.documents import Damaged, sha256
from poolbench.store.store import Store
from tests.cells import a_cell, a_study

CELL = a_cell()
RESULT = Result(status="ok", correct=9, total=10, test_loss=0.25, parameters=42, epochs=1)
EPOCH = Epoch(
    epoch=1, loss=0.5, lr=0.1, validation_accuracy=0.75, pooling={"head.temperature": 4.0}
)


def commit(store: Store, seed: int = 0, result: Result = RESULT) -> str:
    cell = a_cell(seed=seed)
    with store.writing(cell) as writer:
        assert writer is not None
        writer.begin("session", {"pid": 1})
        writer.commit(
            result,
            history=[EPOCH],
            timings=[Timing(epoch=1, duration_s=2.0, images=100)],
            environment={"torch": "2"},
            artefacts={"model.safetensors": b"weights"},
        )
    return cell.id


def test_a_committed_run_is_read_back_whole(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "runs")
    cell_id = commit(store)
    run = store.read(cell_id)
    assert run.cell == CELL
    assert run.result == RESULT
    assert run.history == (EPOCH,)
    assert run.images_per_s == 50.0
    assert store.commit_of(cell_id).read("model.safetensors") == b"weights"
    assert list(store.finished()) == [cell_id]
    assert store.verify(cell_id) == ""


def test_a_run_without_its_result_file_is_not_finished(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    cell_id = commit(store)
    assert store.has_result(cell_id)
    (store.folder(cell_id) / "result.json").unlink()
    assert not store.has_result(cell_id)
    with pytest.raises(FileNotFoundError):
        store.read(cell_id)


@pytest.mark.parametrize(
    "name", ["result.json", "history.jsonl", "environment.json", "model.safetensors", "cell.json"]
)
def test_every_flipped_byte_of_a_run_is_noticed(name: str, tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    cell_id = commit(store)
    path = store.folder(cell_id) / name
    whole = path.read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 40)):
        flipped = bytearray(whole)
        flipped[position] ^= 1
        if json_equal(bytes(flipped), whole):
            continue
        path.write_bytes(bytes(flipped))
        assert store.verify(cell_id), f"byte {position} of {name}"
    path.write_bytes(whole)
    assert not store.verify(cell_id)


def json_equal(a: bytes, b: bytes) -> bool:
    """Whether two files say the same JSON: white space carries nothing."""
    try:
        return bool(json.loads(a) == json.loads(b))
    except ValueError:
        return False


@pytest.mark.parametrize("name", ["history.jsonl", "model.safetensors"])
def test_a_shortened_or_missing_file_is_noticed_without_reading_all(
    name: str, tmp_path: Path
) -> None:
    store = Store.create(tmp_path)
    cell_id = commit(store)
    path = store.folder(cell_id) / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Damaged, match=name):
        store.read(cell_id)
    path.unlink()
    with pytest.raises(Damaged, match=name):
        store.read(cell_id)


def test_a_weights_file_that_grew_after_the_commit_is_damaged(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    cell_id = commit(store)
    with (store.folder(cell_id) / "model.safetensors").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(Damaged, match="8 bytes instead of 7"):
        store.read(cell_id)
    assert not store.has_result(cell_id)
    assert store.network(cell_id) is None
    assert store.verify(cell_id)


def test_a_run_copied_to_another_cell_is_not_its_result(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    store.folder(commit(store)).rename(store.folder(a_cell(seed=1).id))
    with pytest.raises(Damaged, match="belongs to cell"):
        store.read(a_cell(seed=1).id)
    assert store.verify(a_cell(seed=1).id)


def test_the_newest_sound_checkpoint_is_taken_and_damaged_ones_are_kept_aside(
    tmp_path: Path,
) -> None:
    store = Store.create(tmp_path)
    with store.writing(CELL) as writer:
        assert writer is not None
        writer.begin("session", {})
        writer.save_checkpoint(b"first", epoch=1, step=0)
        older = next(writer.folder.glob("checkpoint-*"))
        writer.save_checkpoint(b"second", epoch=2, step=7)
        newer = next(writer.folder.glob("checkpoint-*"))
        assert not older.exists()
        assert writer.load_checkpoint() == (b"second", [])
        older.write_bytes(b"first")
        newer.write_bytes(b"secomd")
        data, damaged = writer.load_checkpoint()
        assert data == b"first"
        assert [path.read_bytes() for path in damaged] == [b"secomd"]
        assert damaged[0].parent.name == "quarantine"


def test_a_checkpoint_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    with Store.create(tmp_path).writing(CELL) as writer:
        assert writer is not None
        writer.begin("session", {})
        (unreadable := writer.folder / "checkpoint-0001-00000000-abc.safetensors").mkdir()
        with pytest.raises(EnvironmentFault, match="cannot read"):
            writer.load_checkpoint()
        assert unreadable.exists()


def test_the_lock_of_a_killed_writer_is_free_at_once(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold, args=(str(tmp_path), held))
    process.start()
    assert held.wait(30)
    with store.writing(CELL) as writer:
        assert writer is None
    assert store.is_being_written(CELL.id)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with store.writing(CELL) as writer:
        assert writer is not None


def hold(path: str, held: Any) -> None:
    with Store(Path(path)).writing(CELL):
        held.set()
        time.sleep(60)


def test_attempts_are_counted_by_session(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    with store.writing(CELL) as writer:
        assert writer is not None
        assert [writer.begin(name, {}) for name in ("a", "a", "b", "a")] == [1, 2, 1, 3]
        with (writer.folder / "attempts.jsonl").open("ab") as file:
            file.write(b'{"session": "a", "torn')
        assert sum(1 for _ in writer.attempts()) == 5


def test_a_failure_is_remembered_until_the_cell_is_finished(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    with store.writing(CELL) as writer:
        assert writer is not None
        writer.begin("s", {})
        writer.record_failure("s", "out of memory", "smaller batches")
    failure = read_failure(store.folder(CELL.id))
    assert failure is not None
    assert failure["reason"] == "out of memory"
    commit(store)
    assert read_failure(store.folder(CELL.id)) is None


def test_a_diverged_run_has_no_accuracy(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    diverged = Result(
        status="diverged", correct=0, total=10, test_loss=None, parameters=1, epochs=0, detail="x"
    )
    run = store.read(commit(store, result=diverged))
    assert run.result == diverged
    assert run.result.accuracy != run.result.accuracy


def test_studies_are_remembered(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    study = a_study()
    store.remember(study)
    assert list(Store(tmp_path).studies()) == [study]
    assert store.study(study.id) == study


def test_a_damaged_study_is_not_passed_over(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    store.remember(a_study())
    path = next((tmp_path / "studies").iterdir())
    path.write_bytes(path.read_bytes().replace(b"A study", b"B study"))
    with pytest.raises(EnvironmentFault, match="damaged"):
        list(store.studies())


def test_a_damaged_run_can_be_set_aside_again_and_again(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    targets = {store.quarantine(commit(store)) for _ in range(3)}
    assert len(targets) == 3


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "STORE.json").write_text('{"format": 99}')
    with pytest.raises(EnvironmentFault, match="format 99"):
        Store(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "x"}'])
def test_an_unreadable_store_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "STORE.json").write_text(text)
    with pytest.raises(EnvironmentFault):
        Store.create(tmp_path)


def test_a_folder_with_other_things_in_it_does_not_become_a_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(EnvironmentFault, match="not a store"):
        Store.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_reading_needs_an_existing_store(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="no store"):
        Store(tmp_path / "nowhere")


def test_only_the_weights_of_a_sound_run_can_be_measured(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    diverged = Result(
        status="diverged", correct=0, total=10, test_loss=None, parameters=1, epochs=0
    )
    sound, ended = commit(store), commit(store, seed=1, result=diverged)
    assert store.network(sound) == store.read(sound).network == sha256(b"weights")
    assert store.network(ended) is store.read(ended).network is None
    assert store.network(a_cell(seed=2).id) is None
    (store.folder(sound) / "model.safetensors").write_bytes(b"weight")
    assert store.network(sound) is None
    with pytest.raises(Damaged, match="6 bytes instead of 7"):
        store.read(sound)


@pytest.mark.parametrize("name", ["history.jsonl", "timings.jsonl", "environment.json"])
def test_a_cell_whose_run_cannot_be_read_is_trained_again(name: str, tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    cell_id = commit(store)
    path = store.folder(cell_id) / name
    path.write_bytes(path.read_bytes().replace(b"2", b"3").replace(b"0.1", b"0.3"))
    with pytest.raises(Damaged, match=f"{name} does not match"):
        store.read(cell_id)
    assert not store.has_result(cell_id)
