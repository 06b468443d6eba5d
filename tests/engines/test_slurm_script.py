"""What Slurm is given, run by the shell that a node runs it with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from poolbench.engines.slurm_script import arguments, script

ARRAY = "poolbench-h-1-aa-0"


class Node:
    """A node that runs the second element of an array.

    Args:
        folder: The session's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / f"{ARRAY}.jobs").write_text("worker-0\nworker-1\n")

    def run(self, *setup: str, python: str = sys.executable, sees: bool = True) -> int:
        """Run the script; return its exit code."""
        folder = self.folder if sees else self.folder / "elsewhere"
        done = subprocess.run(
            ["bash"],
            input=script(folder, ARRAY, setup=setup, python=python),
            env=os.environ | {"SLURM_ARRAY_TASK_ID": "1", "SLURMD_NODENAME": "n1"},
            text=True,
            capture_output=True,
        )
        self.printed = done.stdout + done.stderr
        return done.returncode

    def told(self) -> tuple[int, str]:
        """Return the exit code and the log that the command finds."""
        code = int((self.folder / "worker-1.exit").read_text())
        return code, (self.folder / "worker-1.log").read_text()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "a b%j")


@pytest.mark.parametrize(
    ("setup", "code", "said"),
    [
        (["true", "module load cuda"], 127, "with exit code 127: module load cuda"),
        (["echo hello", "exit 3", "echo never"], 3, "hello\nthe setup failed on n1"),
        (["false"], 1, "with exit code 1: false"),
        (["exit 0"], 1, "with exit code 0: exit 0"),
        (["ls /nowhere/at/all"], 2, "/nowhere/at/all"),
    ],
)
def test_a_setup_that_fails_ends_the_element_with_what_it_printed(
    node: Node, setup: list[str], code: int, said: str
) -> None:
    node.run(*setup)
    found, log = node.told()
    assert found == code
    assert said in log
    assert "never" not in log.replace("echo never", "")


@pytest.mark.parametrize("python", ["/nope", "python-nowhere", "/a folder/py'thon"])
def test_a_node_without_the_python_says_so(node: Node, python: str) -> None:
    assert node.run(python=python) == 6
    code, log = node.told()
    assert code == 6
    assert log == f"n1 has no {python}; say where: execution.engine: {{python: ...}}\n"


def test_a_python_without_poolbench_says_what_to_install(
    node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert node.run(python=str(bare)) == 6
    code, log = node.told()
    assert code == 6
    assert log.count("\n") == 1
    assert f"n1 needs poolbench: {bare} -m pip install poolbench==" in log
    assert "No module named 'poolbench'" in log


def test_a_node_that_does_not_see_the_store_says_so(node: Node) -> None:
    assert node.run(sees=False) == 6
    assert node.printed == (
        f"n1 does not see {node.folder}/elsewhere: the store must be on a disk that all nodes "
        "share\n"
    )


def test_so_does_a_python_that_does_not_see_it(node: Node) -> None:
    # As in a container of its own: the shell sees the folder, Python not the job in it.
    assert node.run("export ELSEWHERE=1") == 6
    code, log = node.told()
    assert code == 6
    assert log.startswith(f"n1 does not see {node.folder}: the store must be")
    assert "Traceback" not in log


def test_an_element_that_is_queued_again_forgets_its_end(node: Node) -> None:
    (node.folder / "worker-1.exit").write_text("130\n")
    node.run("kill -9 $$")  # as by a node that is lost
    assert not (node.folder / "worker-1.exit").exists()


def test_what_was_asked_for_is_told_by_arguments_and_the_rest_left_to_slurm(
    tmp_path: Path,
) -> None:
    asked = {"gres": "gpu:1", "time": "1:00:00", "partition": ""}
    found = arguments(tmp_path / "a b%j", ARRAY, 3, grace_s=60, asked=asked)
    assert {"--gres=gpu:1", "--time=1:00:00", "--array=0-2", "--signal=B:USR1@60"} <= set(found)
    assert not any(each.startswith("--partition") for each in found)
    assert f"--output={tmp_path}/a b%%j/{ARRAY}-%a.out" in found
    text = script(tmp_path, ARRAY, setup=[], python="python")
    assert "#SBATCH" not in text
