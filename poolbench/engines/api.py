"""The protocol of an engine: it starts workers and reports when they end, nothing more.

Results and progress are in the store. What an engine reports about a worker is only for a log
line; the store decides whether its cells are finished.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Job:
    """The work of one worker, described by a file.

    Args:
        name: Name, unique within the session.
        file: Job file that the worker process reads.
        log: Where its standard error goes.
    """

    name: str
    file: Path
    log: Path


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A worker that has ended.

    Args:
        job: Name of its job.
        exit_code: Exit code of its process; negative for a signal.
    """

    job: str
    exit_code: int


class Engine(Protocol):
    """Starts workers somewhere."""

    def submit(self, job: Job) -> None:
        """Start a worker on a job."""
        ...

    def poll(self, timeout_s: float) -> Collection[Ended]:
        """Wait up to ``timeout_s`` for workers to end, and return those that have."""
        ...

    def stop(self, grace_s: float) -> None:
        """Ask every worker to save and end; kill those still running after ``grace_s``."""
        ...
