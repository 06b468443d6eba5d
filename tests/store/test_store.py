from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.core.measurement import Measurement
from poolbench.core.named import Named
from poolbench.core.record import Epoch, Result, Timing
from poolbench.store.attempts import read_failure
from poolbench.store.commit import commit_bytes
from poolbench.store.documents import seal, sha256
from poolbench.store.measurements import MeasurementWriter, measurement_keys, read_measurement
from poolbench.store.store import Store
from poolbench.store.verification import verify
from poolbench.store.writer import CellWriter
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
    assert store.has_result(cell_id) is False
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
    commit_before = store.commit_of(cell_id)
    path.unlink()
    with pytest.raises(Damaged, match=f"{name} is missing"):
        store.read(cell_id)
    with pytest.raises(Damaged, match=name):
        commit_before.read(name)


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
    with pytest.raises(Damaged, match=CELL.id):
        store.read(a_cell(seed=1).id)
    assert CELL.id in store.verify(a_cell(seed=1).id)


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
        unreadable.rmdir()
        unreadable.symlink_to(unreadable)
        with pytest.raises(EnvironmentFault) as caught:
            writer.load_checkpoint()
        reason = "Too many levels of symbolic links"
        assert caught.value.message == f"cannot read {unreadable}: {reason}"


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
        assert writer.begin("a", {}) == 4, "no line is lost to one that was torn before it"
        assert [attempt.get("session") for attempt in writer.attempts()][3:] == ["a", None, "a"]
    assert verify(store).others == ()


def test_a_failure_is_remembered_until_the_cell_is_finished(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    with store.writing(CELL) as writer:
        assert writer is not None
        writer.begin("s", {})
        writer.record_failure("s", "out of memory", "smaller batches")
    folder = store.places.unfinished(CELL.id)
    failure = read_failure(folder)
    assert failure is not None
    assert failure.reason == "out of memory"
    commit(store)
    assert read_failure(folder) is None


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


def test_setting_aside_is_given_up_where_every_name_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create(tmp_path)
    cell_id = commit(store)
    tried: list[Path] = []

    def taken(self: Path, target: Path) -> None:
        tried.append(target)
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))

    monkeypatch.setattr(Path, "rename", taken)
    with pytest.raises(EnvironmentFault, match=cell_id):
        store.quarantine(cell_id)
    assert [path.name for path in tried[:2]] == [f"{cell_id}-0", f"{cell_id}-1"]
    assert len(set(tried)) == len(tried)


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    marker = Store.create(tmp_path).path / "STORE.json"
    assert json.loads(marker.read_bytes()) == {"format": 1}
    marker.write_text('{"format": 2}')
    with pytest.raises(EnvironmentFault, match="format 2"):
        Store(tmp_path)


def test_a_store_that_another_process_makes_meanwhile_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(self: Path) -> Iterator[Path]:
        monkeypatch.undo()
        Store.create(self)
        return self.iterdir()

    monkeypatch.setattr(Path, "iterdir", meanwhile)
    assert list(Store.create(tmp_path).finished()) == []


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


def test_the_result_of_a_run_names_its_format() -> None:
    document = json.loads(commit_bytes(CELL, RESULT, {}))
    assert document["format"] == 1


def test_a_file_where_a_run_should_be_is_no_run(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    store.folder("stray").write_text("")
    with pytest.raises(FileNotFoundError):
        store.commit_of("stray")
    assert not store.has_result("stray")
    assert list(store.finished()) == []


@pytest.mark.parametrize("document", [{}, {"cell": CELL.to_json(), "result": {"no": 1}}])
def test_a_result_of_other_fields_is_damaged(document: dict[str, Any], tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    store.folder(CELL.id).mkdir()
    (store.folder(CELL.id) / "result.json").write_bytes(seal(document))
    with pytest.raises(Damaged, match="unreadable"):
        store.commit_of(CELL.id)
    assert store.verify(CELL.id)


def test_runs_are_listed_in_the_order_of_their_ids_and_only_when_finished(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    assert list(store.finished()) == []
    ids = [commit(store, seed) for seed in range(6)]
    store.folder("unfinished").mkdir()
    assert list(store.finished()) == sorted(ids)
    shutil.rmtree(tmp_path / "runs")
    assert list(store.finished()) == []


def test_a_cell_has_a_checkpoint_from_when_it_is_saved_until_it_is_finished(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    assert store.has_checkpoint(CELL.id) is False
    with store.writing(CELL) as writer:
        assert writer is not None
        writer.begin("session", {})
        assert store.has_checkpoint(CELL.id) is False
        writer.save_checkpoint(b"state", epoch=1, step=0)
        assert store.has_checkpoint(CELL.id) is True
    commit(store)
    assert store.has_checkpoint(CELL.id) is False


def test_a_later_epoch_and_a_later_step_are_the_newer_checkpoint(tmp_path: Path) -> None:
    writer = CellWriter(Store.create(tmp_path).places, CELL)
    (folder := writer.folder).mkdir()
    # As many as a writer that was killed again and again could leave.
    states = [(2, 0), (2, 9), (2, 10), (10, 1)]
    for epoch, step in states:
        data = f"{epoch} {step}".encode()
        name = f"checkpoint-{epoch:05d}-{step:07d}-{sha256(data)}.safetensors"
        (folder / name).write_bytes(data)
    assert writer.load_checkpoint() == (b"10 1", [])
    moved = writer.set_aside_checkpoints()
    assert [path.read_bytes().decode() for path in moved] == [f"{e} {s}" for e, s in states]
    assert writer.load_checkpoint() == (None, [])
    writer.save_checkpoint(b"new", epoch=3, step=4)
    (saved,) = folder.glob("checkpoint-*")
    assert saved.name == f"checkpoint-00003-0000004-{sha256(b'new')}.safetensors"
    writer.save_checkpoint(b"new", epoch=3, step=4)
    assert writer.load_checkpoint() == (b"new", [])
    shutil.rmtree(tmp_path / "quarantine")
    with pytest.raises(EnvironmentFault, match="quarantine"):
        writer.set_aside_checkpoints()


def test_whose_a_folder_is_is_written_once(tmp_path: Path) -> None:
    writer = CellWriter(Store.create(tmp_path).places, CELL)
    writer.begin("session", {"pid": 1})
    identity = writer.folder / "cell.json"
    assert identity.read_bytes() == CELL.identity
    before = identity.stat()
    writer.begin("session", {"pid": 2})
    assert identity.stat().st_ino == before.st_ino
    assert list(writer.attempts()) == [{"session": "session", "pid": pid} for pid in (1, 2)]


def test_a_held_cell_is_being_written_and_a_question_about_it_holds_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    assert store.is_being_written(CELL.id) is False
    with store.writing(CELL), Store(tmp_path).writing(a_cell(seed=1)) as other:
        assert other is not None
    for _ in range(2):  # the first gave back what it took
        assert store.is_being_written(CELL.id) is False
    assert store.try_locks() == "exclusive"


def test_a_file_system_that_grants_a_lock_twice_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create(tmp_path)
    monkeypatch.setattr("poolbench.store.locks.FileLock", lambda *_, **__: nullcontext())
    assert store.try_locks() == "granted twice"


def test_a_file_system_without_locks_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", flock)
    assert Store.create(tmp_path).try_locks() == "unsupported"


def test_the_size_of_a_run_is_that_of_the_files_it_was_committed_with(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    cell_id = commit(store)
    committed = [store.folder(cell_id) / name for name in store.commit_of(cell_id).files]
    sizes = [path.stat().st_size for path in committed]
    assert store.read(cell_id).size_bytes == sum(sizes) > len(b"weights")


def test_the_free_space_is_that_of_the_disk(tmp_path: Path) -> None:
    free = Store.create(tmp_path).free_bytes()
    assert free == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)


def test_studies_come_in_the_order_of_their_last_training(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    studies = [a_study(seeds=seeds) for seeds in range(1, 5)]
    for age, study in enumerate(studies):
        store.remember(study)
        os.utime(tmp_path / "studies" / f"{study.id}.json", (0, 1_000 - age))
    assert list(store.studies()) == studies[::-1]
    shutil.rmtree(tmp_path / "studies")
    assert list(store.studies()) == []


def test_sessions_are_folders_in_order(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    for name in ("b", "a", "c"):
        store.session_folder(name).mkdir()
    assert store.session_folders() == [tmp_path / "sessions" / name for name in "abc"]


def test_making_ready_what_is_ready_changes_nothing(tmp_path: Path) -> None:
    nested = tmp_path / "not" / "there" / "yet"
    store = Store.create(nested)
    cell_id = commit(store)
    store.ready()
    assert list(Store.create(nested).finished()) == [cell_id]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_run_that_cannot_be_moved_is_a_fault_of_the_disk(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create(tmp_path)
    cell_id = commit(store)
    tried: list[Path] = []

    def refuse(self: Path, target: Path) -> None:
        tried.append(target)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(EnvironmentFault) as caught:
        store.quarantine(cell_id)
    assert isinstance(caught.value.__cause__, OSError)
    assert len(tried) == 1


MEASUREMENT = Measurement(
    probe=Named(name="fgsm", options={"epsilons": (0.0,)}), network="0" * 64, status="failed"
)


def test_measurements_are_listed_by_key_and_nothing_else_is(tmp_path: Path) -> None:
    folder = tmp_path / "probes"
    folder.mkdir()
    keys = [f"{number:016x}" for number in (11, 3, 7, 2)]
    for name in (*keys, keys[0][1:], f"{keys[0]}0", "attempts", "x" * 16):
        (folder / f"{name}.json").write_text("")
    assert list(measurement_keys(tmp_path)) == sorted(keys)
    assert list(measurement_keys(tmp_path / "nowhere")) == []


def test_a_measurement_is_that_of_its_key_or_damaged(tmp_path: Path) -> None:
    writer, key = MeasurementWriter(tmp_path), MEASUREMENT.key
    writer.begin("session", {})
    assert not writer.has(key)
    writer.save(MEASUREMENT)
    assert writer.has(key)
    assert read_measurement(tmp_path, key) == MEASUREMENT
    path, other = tmp_path / "probes" / f"{key}.json", "0" * 16
    path.with_name(f"{other}.json").write_bytes(path.read_bytes())
    with pytest.raises(Damaged, match=f"holds the measurement {key}"):
        read_measurement(tmp_path, other)
    for document in (b"{", seal({"probe": 1}), seal({})):
        path.write_bytes(document)
        with pytest.raises(Damaged, match=f"probes/{key}.json"):
            read_measurement(tmp_path, key)
    writer.conclude()
    assert list(writer.attempts()) == []
