"""One contract for every engine: each cell once, the same bits as alone, and nothing left behind.

Real Slurm and real Ray: ``.ci/cluster`` runs these, and prints what each fault cost.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.app.runs import attempts, lasting_bytes
from tests.cluster.ray import Ray
from tests.cluster.slurm import Slurm

pytestmark = pytest.mark.cluster

# Twenty cells of about two seconds each.
SUITE = """\
schema: 1
title: Twenty
data: {name: digits}
model: {name: wrn, depth: 8, width: 1}
recipe: {epochs: 4, batch_size: 50, optimizer: {name: sgd, lr: 0.05, momentum: 0.9}}
seeds: 5
baseline: average
variants:
  average: {pools: average}
  max: {pools: max}
  lae: {pools: {name: lae, learn: layer}}
  lse: {pools: lse}
"""
CELLS = 20
REMOTE = ("slurm", "ray")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the bytes of the runs of one undisturbed process."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "s.yaml").write_text(SUITE)
    command = [sys.executable, "-m", "poolbench", "train", "s.yaml", "--engine", "inline", "-q"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return lasting_bytes(folder / "runs")


class Engine:
    """An engine as the command line has it, and its cluster."""

    def __init__(self, name: str, folder: Path, cluster: Slurm | Ray | None) -> None:
        self.name, self.folder, self.cluster = name, folder, cluster
        chosen: dict[str, Any] = {"name": name}
        if name == "slurm":
            chosen |= {"poll_s": 1, "elements": 4, "time": "30:00"}
        if isinstance(cluster, Ray):
            chosen |= {"address": cluster.address}
        execution = f"execution: {{jobs: 2, engine: {json.dumps(chosen)}}}\n"
        (folder / "s.yaml").write_text(SUITE + execution)
        self.store = folder / "runs"
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start ``train``."""
        given = {} if self.cluster is None else self.cluster.environment
        process = subprocess.Popen(
            [sys.executable, "-m", "poolbench", "train", "s.yaml", *words],
            cwd=self.folder,
            env=os.environ | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(process)
        return process

    def start_and_finish_some(self) -> subprocess.Popen[str]:
        """Start ``train``, and wait until it is in the midst of its cells."""
        process = self.start()
        self.until(lambda: self.finished() >= 3)
        return process

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the store."""
        given = {} if self.cluster is None else self.cluster.environment
        return subprocess.run(
            [sys.executable, "-m", "poolbench", *words],
            cwd=self.folder, env=os.environ | given, capture_output=True, text=True,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str], code: int = 0) -> str:
        """Wait for the end of a command; return what it said."""
        out, _ = process.communicate(timeout=600)
        assert process.returncode == code, out
        return out

    def finished(self) -> int:
        return len(list(self.store.glob("runs/*/result.json")))

    def until(self, condition: Callable[[], bool], timeout_s: float = 240.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.05)

    def workers(self, process: subprocess.Popen[str]) -> list[psutil.Process]:
        """Return the processes that train."""
        if isinstance(self.cluster, Slurm):
            return [
                child
                for pid in self.cluster.payloads()
                for child in psutil.Process(pid).children(recursive=True)
            ]
        if isinstance(self.cluster, Ray):
            return self.cluster.workers()
        return psutil.Process(process.pid).children(recursive=True)

    def is_quiet(self) -> bool:
        """Whether nothing of ours runs."""
        if isinstance(self.cluster, Slurm):
            return not self.cluster.payloads() and not self.cluster.call("squeue", "-h").strip()
        if isinstance(self.cluster, Ray):
            return not self.cluster.workers()
        return all(each.poll() is not None for each in self._started)

    def check(self, alone: dict[str, bytes], fault: str, began_s: float) -> None:
        """Check the contract, and print a row of its table."""
        assert self.finished() == CELLS
        assert lasting_bytes(self.store) == alone
        verified = self.call("store", "verify")
        assert verified.stdout == f"{CELLS} of {CELLS} runs are sound\n", verified.stderr
        self.until(self.is_quiet, 60.0)
        starts = sum(attempts(self.store))
        lost = CELLS - self.finished()
        took_s = time.monotonic() - began_s
        print(  # noqa: T201 - the table of the contract
            f"\ncontract | {self.name:6} | {fault:22} | {CELLS} cells | {starts} starts | {lost} "
            f"lost | {len(list(self.store.glob('quarantine/*')))} double | {took_s:.0f} s"
        )


@pytest.fixture(params=["inline", "local", *REMOTE])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    cluster = request.getfixturevalue(request.param) if request.param in REMOTE else None
    made = Engine(request.param, tmp_path, cluster)
    yield made
    for process in made._started:
        process.kill()
        process.communicate()
    if isinstance(cluster, Slurm):
        cluster.cancel_all()


def test_twenty_cells(engine: Engine, alone: dict[str, bytes]) -> None:
    began_s = time.monotonic()
    engine.finish(engine.start())
    assert sum(attempts(engine.store)) == CELLS
    engine.check(alone, "none", began_s)
    again = engine.finish(engine.start())
    assert "nothing to do" in again
    assert sum(attempts(engine.store)) == CELLS


def test_a_worker_is_killed(engine: Engine, alone: dict[str, bytes]) -> None:
    if engine.name == "inline":
        pytest.skip("its worker is the command: see the command killed")
    began_s = time.monotonic()
    process = engine.start_and_finish_some()
    busiest = max(engine.workers(process), key=lambda each: each.memory_info().rss)
    busiest.kill()
    engine.finish(process)
    engine.check(alone, "worker killed", began_s)


def test_a_node_is_killed(engine: Engine, alone: dict[str, bytes]) -> None:
    if engine.name not in REMOTE:
        pytest.skip("it has no nodes")
    assert engine.cluster is not None
    began_s = time.monotonic()
    process = engine.start_and_finish_some()
    if isinstance(engine.cluster, Slurm):
        # The daemon, the steps and what they run.
        on_node = engine.cluster.call("squeue", "-h", "-w", "n1", "-o", "%A").split()
        assert on_node
        engine.cluster.kill_node("n1")
    else:
        engine.cluster.kill("n1")
    engine.until(lambda: engine.finished() >= 8, 400.0)
    engine.cluster.start_node("n1")
    engine.finish(process)
    engine.check(alone, "node killed", began_s)


def test_two_commands_at_once(engine: Engine, alone: dict[str, bytes]) -> None:
    began_s = time.monotonic()
    first, second = engine.start(), engine.start()
    engine.finish(first)
    engine.finish(second)
    engine.check(alone, "submitted twice", began_s)


def test_ctrl_c_and_again(engine: Engine, alone: dict[str, bytes]) -> None:
    began_s = time.monotonic()
    process = engine.start_and_finish_some()
    process.send_signal(signal.SIGINT)
    out = engine.finish(process, 130)
    assert "continue with: poolbench train s.yaml" in out
    if engine.name == "slurm":
        assert "poolbench watch" in out
    else:
        engine.until(engine.is_quiet, 60.0)
    engine.finish(engine.start())
    engine.check(alone, "Ctrl-C, again", began_s)


def test_the_command_is_killed_and_repeated(engine: Engine, alone: dict[str, bytes]) -> None:
    began_s = time.monotonic()
    process = engine.start_and_finish_some()
    process.kill()
    process.wait()
    if engine.name != "slurm":
        engine.until(engine.is_quiet, 60.0)
    engine.finish(engine.start())
    engine.check(alone, "command killed, again", began_s)


def test_cancelled_and_again(engine: Engine, alone: dict[str, bytes]) -> None:
    began_s = time.monotonic()
    process = engine.start_and_finish_some()
    if engine.name == "slurm":
        done = engine.call("cancel")
        assert done.returncode == 0, done.stderr
        assert "cancelled" in engine.finish(process, 6)
    else:
        assert engine.call("cancel").returncode == 5
        process.terminate()
        engine.finish(process, 143)
    engine.until(engine.is_quiet, 60.0)
    engine.finish(engine.start())
    engine.check(alone, "cancelled, again", began_s)


def test_more_elements_than_an_array_may_have_are_several_arrays(
    slurm: Slurm, tmp_path: Path, alone: dict[str, bytes]
) -> None:
    engine = Engine("slurm", tmp_path, slurm)
    began_s = time.monotonic()
    text = (tmp_path / "s.yaml").read_text()
    (tmp_path / "s.yaml").write_text(text.replace('"elements": 4', '"elements": 20'))
    process = engine.start()
    engine.until(lambda: len(list(engine.store.glob("sessions/*/*.jobs"))) == 2)
    sizes = [len(path.read_text().split()) for path in engine.store.glob("sessions/*/*.jobs")]
    assert sorted(sizes) == [10, 10]
    engine.finish(process)
    engine.check(alone, "two arrays", began_s)


def test_time_that_runs_out_is_no_loss(
    slurm: Slurm, tmp_path: Path, alone: dict[str, bytes]
) -> None:
    engine = Engine("slurm", tmp_path, slurm)
    began_s = time.monotonic()
    text = (tmp_path / "s.yaml").read_text()
    # A minute's limit, and the warning at half of it.
    text = text.replace('"30:00"', '"1:00", "grace_s": 29').replace(
        '"elements": 4', '"elements": 2'
    )
    (tmp_path / "s.yaml").write_text(text)
    engine.finish(engine.start())
    engine.check(alone, "time limit", began_s)


def test_the_urgent_take_nodes_away_and_nothing_is_lost(
    slurm: Slurm, tmp_path: Path, alone: dict[str, bytes]
) -> None:
    engine = Engine("slurm", tmp_path, slurm)
    began_s = time.monotonic()
    process = engine.start_and_finish_some()
    slurm.call("sbatch", "-p", "urgent", "-n", "2", "--wrap", "sleep 5")
    engine.finish(process)
    engine.check(alone, "preempted", began_s)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"partition": "nowhere"}, "sinfo"),
        ({"gres": "gpu:1"}, "gres"),
    ],
)
def test_what_slurm_refuses_is_told_at_once(
    slurm: Slurm, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    engine = Engine("slurm", tmp_path, slurm)
    text = (tmp_path / "s.yaml").read_text()
    (tmp_path / "s.yaml").write_text(
        text.replace('"slurm"', f'"slurm", {json.dumps(change)[1:-1]}')
    )
    out = engine.finish(engine.start(), 6)
    assert said in out
    assert not list(engine.store.glob("sessions/*"))


def test_without_munge_the_error_says_so(slurm: Slurm, tmp_path: Path) -> None:
    engine = Engine("slurm", tmp_path, slurm)
    slurm.kill("munge")
    try:
        out = engine.finish(engine.start(), 6)
    finally:
        slurm.start_munge()
    assert "munged" in out
