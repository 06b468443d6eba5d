"""The engine that runs jobs in the calling process, one after another."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from poolbench.engines.api import Ended, Job

_INTERRUPTED = (130, 143)


class InlineEngine:
    """Run each job when it is submitted.

    Args:
        work: The worker's function: job file in, exit code out.
    """

    def __init__(self, work: Callable[[Path], int]) -> None:
        self._work = work
        self._ended: list[Ended] = []

    def submit(self, job: Job) -> None:
        """Run a job to its end.

        Raises:
            KeyboardInterrupt: A signal ended it; it has saved its state.
        """
        exit_code = self._work(job.file)
        if exit_code in _INTERRUPTED:
            raise KeyboardInterrupt
        self._ended.append(Ended(job=job.name, exit_code=exit_code))

    def poll(self, timeout_s: float) -> Collection[Ended]:  # noqa: ARG002 - nothing to wait for
        """Return the jobs that ran since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def stop(self, grace_s: float) -> None:
        """Do nothing: no job is running when this can be called."""
