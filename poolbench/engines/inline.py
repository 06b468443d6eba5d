"""The engine that runs jobs in the calling process, one after another."""

from __future__ import annotations

import signal
from collections.abc import Collection, Sequence
from typing import ClassVar

from poolbench.engines.api import Ended, Job, Workers
from poolbench.engines.fork_server import resolve

_SIGNAL = 128
_SIGNALLED = {_SIGNAL + number for number in (signal.SIGINT, signal.SIGTERM)}


class InlineEngine:
    """Run each job when it is submitted.

    Args:
        workers: What a worker is.
    """

    is_here: ClassVar[bool] = True
    is_remote: ClassVar[bool] = False
    is_shared: ClassVar[bool] = True
    slots = 1

    def __init__(self, workers: Workers) -> None:
        self._work = resolve(workers.target)
        self._ended: list[Ended] = []

    def cells_per_job(self, count: int) -> int:
        """Return ``count``: a job may take any cell."""
        return count

    def submit(self, jobs: Sequence[Job]) -> None:
        """Run jobs to their end.

        A signal that ends one, which has saved its state, then reaches this process.
        """
        for job in jobs:
            exit_code = self._work(job.file)
            if exit_code in _SIGNALLED:
                signal.raise_signal(exit_code - _SIGNAL)
            self._ended.append(Ended(job=job.name, exit_code=exit_code))

    def poll(self, timeout_s: float) -> Collection[Ended]:  # noqa: ARG002 - nothing to wait for
        """Return the jobs that ran since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def stop(self, grace_s: float) -> None:
        """Do nothing: no job is running when this can be called."""
