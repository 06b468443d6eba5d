from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from poolbench.app.study import load_study
from poolbench.app.train import Settings, train
from poolbench.store.attempts import Attempts
from tests.app.runs import attempts, lasting_bytes
from tests.conftest import TINY, Done

Program = Callable[..., Done]
Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the store of a training that nothing disturbed."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    (folder / "tiny.yaml").write_text(TINY)
    study = load_study(folder / "tiny.yaml")
    train(study, Settings(store=folder / "runs", engine="inline"))
    return folder / "runs"


@pytest.fixture
def uninterrupted(trained: Path) -> dict[str, bytes]:
    """Return the bytes of a training that nothing disturbed."""
    return lasting_bytes(trained)


def wait_for(condition: Callable[[], object], timeout_s: float = 240.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def workers(parent: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(parent.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def are_gone(processes: list[psutil.Process]) -> bool:
    """Whether none runs on; one that only awaits collection by the system is gone."""
    try:
        return all(
            not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
            for process in processes
        )
    except psutil.NoSuchProcess:
        return are_gone([process for process in processes if process.is_running()])


def has_begun(store: Path) -> bool:
    return any(store.glob("*/*/attempts.jsonl"))


def has_checkpoint(store: Path) -> bool:
    return any(store.glob("unfinished/*/checkpoint-*.safetensors"))


def finished(store: Path) -> int:
    return len(list(store.glob("runs/*/result.json")))


def kill_with_workers(process: subprocess.Popen[str]) -> None:
    """Kill the program, and wait until its workers have noticed."""
    children = workers(process)
    process.kill()
    process.wait()
    # Workers leave when their parent is gone: within a second, unless the machine is busy.
    wait_for(lambda: are_gone(children))


def test_killed_at_every_stage_and_continued_it_ends_in_the_same_bytes(
    uninterrupted: dict[str, bytes], spawn: Spawn, tiny: Path
) -> None:
    store = tiny.parent / "killed"
    stages: list[Callable[[], bool]] = [
        lambda: True,
        lambda: has_checkpoint(store),
        lambda: finished(store) >= 1,
        lambda: finished(store) >= 3,
    ]
    for is_reached in stages:
        before = sum(attempts(store))
        process = spawn("train", tiny, "--store", store, "--jobs", 2)
        # Each time in the midst of new work, not of the start of the program.
        wait_for(lambda: sum(attempts(store)) > before and is_reached())  # noqa: B023
        kill_with_workers(process)
    assert spawn("train", tiny, "--store", store, "--jobs", 2).wait(120) == 0
    assert lasting_bytes(store) == uninterrupted


def test_ctrl_c_saves_says_how_to_continue_and_leaves_no_process(
    uninterrupted: dict[str, bytes], spawn: Spawn, tiny: Path
) -> None:
    store = tiny.parent / "stopped"
    process = spawn("train", tiny, "--store", store, "--jobs", 2)
    wait_for(lambda: has_begun(store))
    children = workers(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"continue with: poolbench train {tiny}" in err
    assert "Traceback" not in err
    assert are_gone(children)
    assert not list(store.glob("sessions/*"))
    assert spawn("train", tiny, "--store", store).wait(120) == 0
    assert lasting_bytes(store) == uninterrupted


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_sigterm_ends_with_143(engine: str, spawn: Spawn, tiny: Path) -> None:
    store = tiny.parent / "terminated"
    process = spawn("train", tiny, "--store", store, "--jobs", 1, "--engine", engine)
    wait_for(lambda: has_begun(store))
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "continue with" in err


@pytest.mark.parametrize("victim", ["server", "worker"])
def test_the_cell_of_a_killed_worker_is_taken_up_by_another(
    victim: str, uninterrupted: dict[str, bytes], spawn: Spawn, tiny: Path
) -> None:
    store = tiny.parent / "bereft"
    process = spawn("train", tiny, "--store", store, "--jobs", 1)
    wait_for(lambda: has_begun(store))
    # The server's end is that of the worker, which it was forked from.
    server, worker = workers(process)
    {"server": server, "worker": worker}[victim].kill()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "a worker died (exit -9); another one takes over its cell" in err
    assert lasting_bytes(store) == uninterrupted


def test_a_worker_says_that_it_has_begun_before_it_leaves_a_trace_of_it(
    poolbench: Program, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Killed in between, it would be taken for one that cannot work here, and end the command.
    begin, told = Attempts.begin, []

    def begin_and_look(self: Attempts, session: str, facts: dict[str, object]) -> int:
        told.append(bool(list((tiny.parent / "one" / "sessions").glob("*/*.events"))))
        return begin(self, session, facts)

    monkeypatch.setattr(Attempts, "begin", begin_and_look)
    done = poolbench("train", tiny, "--store", "one", "--engine=inline", "--only=average@0", "-q")
    assert done.code == 0, done.err
    assert told == [True]


def test_two_processes_on_one_store_train_each_cell_once(
    uninterrupted: dict[str, bytes], spawn: Spawn, tiny: Path
) -> None:
    store = tiny.parent / "shared"
    both = [spawn("train", tiny, "--store", store, "--jobs", 1) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert attempts(store) == [1, 1, 1, 1]
    # Both print the whole table, whoever trained the cells.
    assert all("lae" in out and "average" in out for out, _ in outputs)
    assert lasting_bytes(store) == uninterrupted


def test_without_waiting_a_busy_store_is_exit_7(spawn: Spawn, tiny: Path) -> None:
    store = tiny.parent / "busy"
    first = spawn("train", tiny, "--store", store, "--only", "lae@0", "--set", "recipe.epochs=9999")
    wait_for(lambda: has_begun(store))
    second = spawn(
        "train", tiny, "--store", store, "--only", "lae@0", "--set", "recipe.epochs=9999",
        "--no-wait",
    )  # fmt: skip
    _, err = second.communicate(timeout=60)
    assert second.returncode == 7
    assert "1 cell is being trained by another process" in err
    first.kill()


def test_a_damaged_checkpoint_is_set_aside_and_said_so(
    uninterrupted: dict[str, bytes], spawn: Spawn, tiny: Path
) -> None:
    store = tiny.parent / "damaged"
    process = spawn("train", tiny, "--store", store, "--jobs", 1)
    wait_for(lambda: has_checkpoint(store))
    kill_with_workers(process)
    # Killed between two of them, a worker leaves the older one, too.
    *older, checkpoint = sorted(store.glob("unfinished/*/checkpoint-*.safetensors"))
    for each in older:
        each.unlink()
    data = bytearray(checkpoint.read_bytes())
    data[len(data) // 2] ^= 1
    checkpoint.write_bytes(bytes(data))
    again = spawn("train", tiny, "--store", store, "--jobs", 1)
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert "a damaged checkpoint was moved to" in err
    assert [path.read_bytes() for path in (store / "quarantine").iterdir()] == [bytes(data)]
    assert lasting_bytes(store) == uninterrupted


def test_a_damaged_run_is_set_aside_and_trained_again(
    trained: Path, uninterrupted: dict[str, bytes], poolbench: Program, tiny: Path
) -> None:
    store = tiny.parent / "whole"
    shutil.copytree(trained, store)
    victim = sorted((store / "runs").iterdir())[0]
    weights = victim / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    verified = poolbench("store", "verify", "--store", store)
    assert (verified.code, verified.out) == (3, "3 of 4 runs are sound\n")
    done = poolbench("train", tiny, "--store", store, "--engine", "inline")
    assert done.code == 0
    assert "its stored run is damaged and was moved to" in done.err
    assert lasting_bytes(store) == uninterrupted
    assert poolbench("store", "verify", "--store", store).code == 0
    assert "deleted 1 file or folder," in poolbench("store", "gc", "--store", store).out
