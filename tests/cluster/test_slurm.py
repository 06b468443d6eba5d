"""What goes wrong on a real Slurm, and what is said of it: ``.ci/cluster`` runs these."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from poolbench.core.options import check_options
from poolbench.engines import ENGINES
from poolbench.engines.api import Job, Workers
from poolbench.engines.slurm import SlurmEngine
from tests.app.runs import lasting_bytes
from tests.cluster.slurm import Slurm

pytestmark = pytest.mark.cluster

SUITE = """\
schema: 1
title: Two
data: {name: digits, limit: 300}
model: {name: wrn, depth: 8, width: 1}
recipe: {epochs: 4, batch_size: 50, optimizer: {name: sgd, lr: 0.05, momentum: 0.9}}
seeds: 1
baseline: average
variants:
  average: {pools: average}
  max: {pools: max}
"""


def train(slurm: Slurm, folder: Path, *words: str, **options: object) -> tuple[int, str]:
    """Train the suite in a folder; return exit code and output."""
    folder.mkdir(exist_ok=True)
    engine = {"name": "slurm", "poll_s": 1, "elements": 1, **options}
    (folder / "s.yaml").write_text(f"{SUITE}execution: {{engine: {json.dumps(engine)}}}\n")
    done = subprocess.run(
        [sys.executable, "-m", "poolbench", "train", "s.yaml", *words],
        cwd=folder,
        env=os.environ | slurm.environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def workers(store: Path) -> set[str]:
    """Return the processes that trained the runs of a store."""
    lines = "".join(path.read_text() for path in store.glob("runs/*/attempts.jsonl"))
    return set(re.findall(r'"worker": *"(\w+-\d+)"', lines))


def test_paths_of_every_kind_and_as_many_workers_as_were_asked_for(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name in ("plain", "a b", "p%j %\"q'", "$HOME"):
        code, said = train(slurm, tmp_path / name, "--jobs", "1")
        assert code == 0, said
        assert workers(tmp_path / name / "runs") == {"worker-0"}
        found.append(lasting_bytes(tmp_path / name / "runs"))
    assert all(each == found[0] for each in found)
    # A node here has one CPU, though the machine may have many.
    assert train(slurm, tmp_path / "more")[0] == 0
    assert workers(tmp_path / "more" / "runs") == {"worker-0"}
    assert train(slurm, tmp_path / "two", "--jobs", "2")[0] == 0
    assert workers(tmp_path / "two" / "runs") == {"worker-0", "worker-1"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"setup": ["echo hello", "module-nobody-has load cuda"]}, "exit code 127"),
        ({"setup": ["exit 3"]}, "the setup failed on n"),
        ({"python": "/nope/python"}, "has no /nope/python"),
        ({"setup": ["cd /", "PYTHONPATH="], "python": "/usr/bin/python3"}, "needs poolbench"),
    ],
)
def test_a_node_that_is_not_set_up_says_what_it_lacks(
    slurm: Slurm, tmp_path: Path, options: dict[str, object], said: str
) -> None:
    code, told = train(slurm, tmp_path, **options)
    assert code != 0
    assert said in told
    assert "lost" not in told
    assert "Traceback" not in told


def test_what_no_node_can_run_is_said_to_wait(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in slurm.environment.items():
        monkeypatch.setenv(key, value)
    options = check_options("slurm", ENGINES["slurm"].options, {"cpus": 64, "poll_s": 0.5})
    engine = SlurmEngine(Workers(target="m:f"), **options)
    engine.submit([Job(name="worker-0", file=tmp_path / "worker-0.json", log=tmp_path / "log")])
    said = ""
    for _ in range(40):
        said = said or (engine.poll(0.5) and "") or engine.waiting()
    engine.stop(0.0)
    assert said == "1 array element is queued: PartitionConfig"
