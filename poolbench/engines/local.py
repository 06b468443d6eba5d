"""The engine of worker processes on this machine.

Workers are forked from a process that has done the slow imports (see ``fork_server``): each
starts working within a tenth of a second, and they share the imported memory. A worker that is
killed loses only its own cell. The server and its workers have a process session of their own, so
Ctrl-C at a terminal reaches this process alone, which then asks them to save; and they end within
moments when this process ends, in whatever way.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from poolbench.core.errors import EnvironmentFault
from poolbench.core.limits import advice_on_limit
from poolbench.engines.api import Ended, Job, Workers

_PIPE = 1 << 16
_KILL_S = 5.0

# Must be in the environment before the process starts. glibc then keeps the freed memory of large
# activations, instead of mapping and faulting it in again at each step: the same bits,
# measured 1.10 to 1.25 times as fast on CPU.
ALLOCATOR: Mapping[str, str] = {
    "GLIBC_TUNABLES": (
        "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=8589934592:"
        "glibc.malloc.trim_threshold=17179869184"
    )
}


class LocalEngine:
    """Fork one process per job.

    Args:
        workers: What a worker is, and what it needs.
    """

    is_here: ClassVar[bool] = False
    is_remote: ClassVar[bool] = False
    is_shared: ClassVar[bool] = True

    def __init__(self, workers: Workers) -> None:
        self.slots = workers.slots
        self._command = [sys.executable, "-m", "poolbench.engines.fork_server", workers.target]
        self._environment = worker_environment(os.environ, workers.threads)
        self._server: subprocess.Popen[bytes] | None = None
        self._running: list[str] = []
        self._answers = b""

    def cells_per_job(self, count: int) -> int:
        """Return ``count``: a job may take any cell."""
        return count

    def submit(self, jobs: Sequence[Job]) -> None:
        """Fork a worker for each job; the first one waits for the imports.

        Raises:
            EnvironmentFault: The system cannot start another process.
        """
        for job in jobs:
            self._submit(job)

    def _submit(self, job: Job) -> None:
        if self._server is None:
            self._server = self._start(job.log)
        self._running.append(job.name)
        line = json.dumps({"name": job.name, "file": str(job.file), "log": str(job.log)})
        assert self._server.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(BrokenPipeError):  # a dead server shows in ``poll``
            self._server.stdin.write(f"{line}\n".encode())
            self._server.stdin.flush()

    def poll(self, timeout_s: float) -> Collection[Ended]:
        """Wait up to ``timeout_s`` for workers to end, and return those that have."""
        if self._server is None:
            return []
        assert self._server.stdout is not None  # noqa: S101 - it is a pipe
        if not select.select([self._server.stdout], [], [], timeout_s)[0]:
            return []
        received = os.read(self._server.stdout.fileno(), _PIPE)
        if not received:
            # The server is dead, and so are all workers, which keep its output open.
            exit_code = self._server.wait()
            ended = [Ended(job=name, exit_code=exit_code) for name in self._running]
            self._forget()
            return ended
        *lines, self._answers = (self._answers + received).split(b"\n")
        ended = [Ended(**json.loads(line)) for line in lines]
        for item in ended:
            self._running.remove(item.job)
        return ended

    def stop(self, grace_s: float) -> None:
        """End the workers by SIGTERM, those still running after ``grace_s`` by SIGKILL."""
        if self._server is None:
            return
        self._server.terminate()  # it asks its workers, and waits for them
        try:
            self._server.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._close_input()  # it kills them
            try:
                self._server.wait(_KILL_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._forget()

    def _start(self, log: Path) -> subprocess.Popen[bytes]:
        try:
            with log.open("wb") as errors:
                return subprocess.Popen(  # noqa: S603 - our own server
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=self._environment,
                    start_new_session=True,
                )
        except OSError as error:
            raise EnvironmentFault(
                f"cannot start a worker process: {error}", advice_on_limit(error)
            ) from error

    def _close_input(self) -> None:
        assert self._server is not None and self._server.stdin is not None  # noqa: S101, PT018
        with suppress(BrokenPipeError):
            self._server.stdin.close()

    def _forget(self) -> None:
        assert self._server is not None and self._server.stdout is not None  # noqa: S101, PT018
        self._close_input()
        self._server.stdout.close()
        self._server, self._running, self._answers = None, [], b""


def worker_environment(environment: Mapping[str, str], threads: int) -> dict[str, str]:
    """Return the environment of a worker, with its thread count and allocator settings."""
    count = str(threads)
    return {
        **ALLOCATOR,
        **environment,
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "PYTHONUNBUFFERED": "1",
    }
