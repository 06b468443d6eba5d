"""The process that calls are forked from: each takes as long as its work.

``python -m tests.endurance.forked`` reads calls, a list a line, runs those of a list side by side,
and answers with how they ended.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer.main

from tests.endurance.programs import HUNG


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
