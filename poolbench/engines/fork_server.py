"""The process that workers are forked from: ``python -m poolbench.engines.fork_server TARGET``.

It imports the target, a function named ``module:function`` that takes a job file and returns an
exit code, and everything it needs. Then it forks a worker for each line of its standard input, and
writes a line to its standard output for each that has ended. It does nothing else, so that a worker
starts in a clean state: no thread, no GPU in use, no random number drawn.

The standard library's fork server starts a worker as fast, but runs the caller's main script again
in each, which ends a script without a ``__main__`` guard, and its workers outlive a caller that is
killed. Here nobody outlives the process at the other end of the input: when that closes, the server
kills its workers; and a worker that finds the input closed, or the server gone, leaves by itself.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from poolbench.core.limits import advice_on_limit, limit_fault
from poolbench.engines.api import REFUSED

_INPUT = 0
_ORPHANED = 75
_PIPE = 1 << 16


class ForkServer:
    """Forks workers, and reports how they ended.

    Args:
        answers: File descriptor to write to. Workers keep it open, so it closes when the last of
            them ends.
    """

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self._workers: dict[int, str] = {}  # name by process id
        self._is_stopping = False
        # Nothing is ever written to this pipe: it closes when this process ends.
        self._end, self._held = os.pipe()
        # A signal writes a byte to this pipe, which wakes the server at any time.
        self._signals, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> Path:
        """Return the job file, in each worker; the server itself never returns.

        It ends, with its workers, when it is stopped or its parent is gone.
        """
        read = b""
        while self._workers or not self._is_stopping:
            ready, _, _ = select.select([_INPUT, self._signals], [], [])
            if self._signals in ready:
                os.read(self._signals, _PIPE)
            if _INPUT in ready:
                received = os.read(_INPUT, _PIPE)
                if not received:
                    self._kill()
                    os._exit(_ORPHANED)
                *lines, read = (read + received).split(b"\n")
                for job in map(json.loads, lines):
                    if not self._is_stopping and self._fork(job["name"], Path(job["log"])):
                        return Path(job["file"])
            self._reap()
        os._exit(0)  # there is nothing to clean up, and torch's own exit is slow

    def _fork(self, name: str, log: Path) -> bool:
        """Start a worker; return whether this process is the worker."""
        stops = {signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # until the worker has its own handlers
        worker = -1
        try:
            # By the server, which can tell where a log cannot be written.
            output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                worker = os.fork()
            finally:
                if worker:
                    os.close(output)
        except OSError as error:  # out of files, disk, processes or memory
            self._refuse(name, error)
        if worker > 0:
            self._workers[worker] = name
        if worker == 0:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            self._begin(output)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stops)
        return worker == 0

    def _begin(self, output: int) -> None:
        """Make this process a worker: its own input and output, and a watch on its parents."""
        os.close(self._held)
        served = os.dup(_INPUT)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for given, taken in ((nothing, _INPUT), (output, 1), (output, 2)):
            os.dup2(given, taken)
        os.close(nothing)
        os.close(output)
        watch = select.poll()
        for descriptor in (served, self._end):
            watch.register(descriptor, 0)  # only to notice when its other end closes

        def leave_when_alone() -> None:
            watch.poll()
            os._exit(_ORPHANED)

        threading.Thread(target=leave_when_alone, daemon=True).start()

    def _reap(self) -> None:
        while self._workers:
            worker, status = os.waitpid(-1, os.WNOHANG)
            if not worker:
                return
            self._tell(self._workers.pop(worker), os.waitstatus_to_exitcode(status))

    def _refuse(self, job: str, error: OSError) -> None:
        text = f"cannot start a worker process: {error}\n{advice_on_limit(error)}"
        self._tell(job, REFUSED, text)

    def _tell(self, job: str, exit_code: int, detail: str = "") -> None:
        line = json.dumps({"job": job, "exit_code": exit_code, "detail": detail})
        os.write(self._answers, f"{line}\n".encode())

    def _stop(self, number: int, _: object) -> None:
        """Ask the workers to save and end, and fork no further ones."""
        self._is_stopping = True
        for worker in self._workers:
            with suppress(ProcessLookupError):  # it has ended, but is not reported yet
                os.kill(worker, number)

    def _kill(self) -> None:
        for worker in self._workers:
            os.kill(worker, signal.SIGKILL)
        for worker in self._workers:
            os.waitpid(worker, 0)


def resolve(target: str) -> Callable[[Path], int]:
    """Import the function named ``module:function``."""
    module, name = target.split(":")
    return getattr(importlib.import_module(module), name)


def _main(target: str) -> int:
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of imports is not an answer
    work = resolve(target)
    gc.collect()
    gc.freeze()  # a collection in a worker would copy the pages of these objects
    return work(ForkServer(answers).serve())


def _leave_refused(error: BaseException) -> NoReturn:
    """End with the reason as the log's last lines if the system refuses what is needed.

    Raises:
        BaseException: The error itself, if it is another.
    """
    fault = limit_fault(error)
    if fault is None:
        raise error
    sys.stderr.write(f"{fault.message}\n{fault.hint}\n")
    sys.exit(REFUSED)


if __name__ == "__main__":
    try:
        sys.exit(_main(sys.argv[1]))
    except Exception as error:
        _leave_refused(error)
