"""The program, forked from a process that has done its imports: a call takes as long as its work.

``python -m tests.endurance.programs`` is that process. It reads calls, a list a line, runs those of
a list side by side, and answers with how they ended.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
import typer.main

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
            [sys.executable, "-m", "tests.endurance.programs"],
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


def _import_all() -> None:
    import poolbench

    for module in pkgutil.walk_packages(poolbench.__path__, "poolbench."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # of an extra or a GPU
                importlib.import_module(module.name)
    for name in ("matplotlib.pyplot", "sklearn.datasets", "scipy.stats"):
        importlib.import_module(name)
    # Built once: it takes longer than most commands.
    typer.main.get_command = functools.cache(typer.main.get_command)
    typer.main.get_command(importlib.import_module("poolbench.cli.main").app)


def _begin(call: dict[str, Any], shim: ctypes.CDLL, number: int) -> None:
    """Make this process the program."""
    os.setsid()
    os.chdir(call["folder"])
    for stream, name in ((1, "out"), (2, "err")):
        file = os.open(f"{call['folder']}.{number}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, stream)
        os.close(file)
    if fault := call["fault"]:
        told = [fault[name] for name in ("at", "error", "lasting", "torn")]
        if call["is_fault_of_workers"]:
            numbers = " ".join(str(int(number)) for number in told)
            os.environ["POOLBENCH_FAULT"] = f"{numbers} {call['folder']}"
        else:
            shim.faults_arm(ctypes.c_long(told[0]), *told[1:], call["folder"].encode())
    for name, limit in call["limits"].items():
        kind = getattr(resource, name)
        resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))


def _run(call: dict[str, Any]) -> int:
    from poolbench.cli.main import main

    sys.argv = ["poolbench", *call["words"]]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _await(child: int, start: float, call: dict[str, Any]) -> int | str:
    """Return how a child ended, whom its time kills."""
    is_hung = call["kill_after_s"] is None
    end = start + (call["timeout_s"] if is_hung else call["kill_after_s"])
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return HUNG if is_hung else -signal.SIGKILL
        time.sleep(0.002)


def _serve() -> None:
    _import_all()
    shim = ctypes.CDLL(None)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        calls, children = json.loads(line), []
        start = time.monotonic()
        for number, call in enumerate(calls):
            child = os.fork()
            if not child:
                code = 1
                try:
                    _begin(call, shim, number)
                    code = _run(call)
                    sys.stdout.flush()
                    sys.stderr.flush()
                finally:
                    os._exit(code)
            children.append(child)
        codes = [_await(child, start, call) for child, call in zip(children, calls, strict=True)]
        answers = [
            {"code": code, "calls": shim.faults_made()}
            | {name: Path(f"{call['folder']}.{number}.{name}").read_text("utf-8", "replace")
               for name in ("out", "err")}
            for number, (code, call) in enumerate(zip(codes, calls, strict=True))
        ]  # fmt: skip
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
