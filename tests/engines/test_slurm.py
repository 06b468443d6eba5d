"""The engine of Slurm without a Slurm: what it says, and what it writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.core.options import check_options
from poolbench.engines import ENGINES
from poolbench.engines.api import Job, Workers
from poolbench.engines.slurm import SlurmEngine
from poolbench.engines.slurm_queue import advice, elements, queued_sessions


def engine(**options: object) -> SlurmEngine:
    checked = check_options("slurm", ENGINES["slurm"].options, options)
    return SlurmEngine(Workers(target="m:f"), **checked)


def jobs(folder: Path, count: int) -> list[Job]:
    return [
        Job(name=f"worker-{n}", file=folder / f"worker-{n}.json", log=folder / f"worker-{n}.log")
        for n in range(count)
    ]


def test_without_slurm_the_error_says_what_is_missing_and_what_else_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="sbatch is not on the PATH") as caught:
        engine(max_array=10).submit(jobs(tmp_path, 1))
    assert "--engine local" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "next_step"),
    [
        ("Batch job submission failed: Invalid partition name specified", "sinfo"),
        ("Batch job submission failed: Invalid account or account/partition", "account"),
        ("Munge encode failed: Failed to access munge.socket", "munged"),
        ("Unable to contact slurm controller (connect failure)", "controller"),
        ("Invalid generic resource (gres) specification", "poolbench list engines slurm"),
    ],
)
def test_what_slurm_says_is_answered_with_a_next_step(said: str, next_step: str) -> None:
    assert next_step in advice(f"sbatch: error: {said}")


def test_the_script_has_what_was_asked_for_and_leaves_the_rest_to_slurm(tmp_path: Path) -> None:
    made = engine(gres="gpu:1", time="1:00:00", grace_s=60, setup=["module load cuda"])
    script = made.script(tmp_path / "a folder", "poolbench-a-0", 3)
    lines = script.splitlines()
    assert {"#SBATCH --gres=gpu:1", "#SBATCH --time=1:00:00", "#SBATCH --array=0-2"} <= set(lines)
    assert "#SBATCH --signal=B:USR1@60" in lines
    assert not any(line.startswith("#SBATCH --partition") for line in lines)
    # What is set up is set up before the worker, which takes the place of the shell.
    assert lines[-2] == "module load cuda"
    assert lines[-1].startswith("exec ")
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


def test_only_elements_of_ours_count() -> None:
    answer = "poolbench-h-1-aa-0|3\nother|1\npoolbench-h-1-aa-1|0\npoolbench-x|N/A\n"
    assert set(elements(answer)) == {("poolbench-h-1-aa-0", 3), ("poolbench-h-1-aa-1", 0)}


def test_what_slurm_was_given_is_not_over_while_it_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, other = tmp_path / "host-1-0123abcd", tmp_path / "host-2-0123abcd"
    for folder in (given, other):
        folder.mkdir()
    (given / f"poolbench-{given.name}-0.jobs").write_text("worker-0\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queued_sessions([given, other]) == {given.name}


def test_cells_are_divided_among_the_elements() -> None:
    made = engine(elements=4)
    assert [made.cells_per_job(count) for count in (1, 4, 5, 20, 21)] == [1, 1, 2, 5, 6]
