"""The protocol of an engine: it starts workers and says when one has ended, no more.

Results, progress and "done" live in the store. What an engine says of an ended worker is a hint
for a log line; whether its cells are finished is looked up.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Job:
    """A worker's work: a file that says all it needs to know.

    Args:
        name: Unique within the session.
        file: Read by the worker process.
        log: Where its standard error goes.
    """

    name: str
    file: Path
    log: Path


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A worker that is no more.

    Args:
        job: Name of its job.
        exit_code: Of its process; negative for a signal.
    """

    job: str
    exit_code: int


class Engine(Protocol):
    """Starts workers somewhere."""

    def submit(self, job: Job) -> None:
        """Start a worker on a job."""
        ...

    def poll(self, timeout_s: float) -> Collection[Ended]:
        """Wait up to ``timeout_s`` for workers to end, and return those that did."""
        ...

    def stop(self, grace_s: float) -> None:
        """Ask every worker to save and end; kill those still there after ``grace_s``."""
        ...
