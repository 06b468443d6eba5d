"""Calls of the program, forked from a process that has done its imports: see ``forked``."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

KILL = -1
HUNG = "hung"


@dataclass(frozen=True)
class Fault:
    """What becomes of a call to the file system, as in ``faults.c``."""

    at: int
    error: int = KILL
    lasting: bool = False
    torn: bool = False

    def __str__(self) -> str:
        told = "killed" if self.error == KILL else errno.errorcode[self.error]
        return f"{told} at call {self.at}{', lasting' * self.lasting}{', torn' * self.torn}"


@dataclass(frozen=True)
class Call:
    """A command line, and what happens to it.

    Args:
        words: Of the command line.
        folder: Where it runs; its output goes beside it.
        fault: Of the command itself, or of the workers that it starts.
        is_fault_of_workers: Which of the two.
        kill_after_s: When it is killed.
        limits: Soft limits by their names in ``resource``.
        timeout_s: When it counts as hung, and is killed.
    """

    words: Sequence[str]
    folder: str
    fault: Fault | None = None
    is_fault_of_workers: bool = False
    kill_after_s: float | None = None
    limits: dict[str, int] = field(default_factory=dict)
    timeout_s: float = 60.0


@dataclass(frozen=True)
class Ended:
    """How it ended: an exit code, a negative signal number or ``HUNG``."""

    code: int | str
    out: str
    err: str
    calls: int


class Programs:
    """The process that calls are forked from.

    Args:
        folder: For the preloaded library.
    """

    def __init__(self, folder: Path) -> None:
        library = folder / "faults.so"
        source = Path(__file__).with_name("faults.c")
        command = ["cc", "-O1", "-shared", "-fPIC", str(source), "-o", str(library), "-ldl"]
        subprocess.run(command, check=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.endurance.forked"],
            env=os.environ | {"LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *calls: Call) -> list[Ended]:
        """Run calls side by side."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([asdict(call) for call in calls]) + "\n")
        self._process.stdin.flush()
        return [Ended(**ended) for ended in json.loads(self._process.stdout.readline())]

    @property
    def size(self) -> int:
        """Bytes of memory that a call starts with."""
        return psutil.Process(self._process.pid).memory_info().vms

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)
