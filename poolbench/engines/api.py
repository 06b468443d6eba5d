"""The protocol of an engine: it starts workers and reports when they end, nothing more.

Results and progress are in the store. What an engine reports about a worker is only for a log
line; the store decides whether its cells are finished.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from poolbench.core.errors import EnvironmentFault


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
        exit_code: Exit code of its process, negative for a signal; ``None`` if nobody can tell;
            ``REFUSED`` with the reason in ``detail`` or in the log's last lines.
        detail: What else is known, for people.
    """

    job: str
    exit_code: int | None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Workers:
    """What an engine starts, and what each one needs.

    Args:
        target: The worker's ``module:function``: job file in, exit code out.
        slots: How many fit on this machine at once.
        threads: CPU threads.
        gpu: Share of a GPU, in (0, 1]; 0 for workers on the CPU.
    """

    target: str
    slots: int = 1
    threads: int = 1
    gpu: float = 0.0


REFUSED = 71
"""Exit code of a worker that the system denies a process, a thread, memory or a file."""


class Unreachable(EnvironmentFault):
    """An engine cannot be asked; what it runs may go on."""


def not_seen(path: Path) -> str:
    """Return what is said of a node that does not see a file or folder of the store."""
    return f"does not see {path}: the store must be on a disk that all nodes share"


class Engine(Protocol):
    """Starts workers somewhere. It is created with ``Workers`` and the options of its entry."""

    is_here: ClassVar[bool]
    """Whether workers run in this process, and know what it alone knows."""
    is_remote: ClassVar[bool]
    """Whether workers run elsewhere, on devices that this machine does not know."""
    is_shared: ClassVar[bool]
    """Whether each worker takes any cell that is free, or else those of its job alone."""

    @property
    def slots(self) -> int | None:
        """Number of jobs to keep in the engine's hands; ``None`` to give it all at once."""
        ...

    def cells_per_job(self, count: int) -> int:
        """Return how many of ``count`` cells a job gets."""
        ...

    def submit(self, jobs: Sequence[Job]) -> None:
        """Start a worker on each job.

        Raises:
            EnvironmentFault: It cannot, and trying again will not help.
        """
        ...

    def poll(self, timeout_s: float) -> Collection[Ended]:
        """Wait up to ``timeout_s`` for workers to end, and return those that have."""
        ...

    def stop(self, grace_s: float) -> None:
        """Ask every worker to save and end; kill those still running after ``grace_s``."""
        ...


@runtime_checkable
class Detachable(Protocol):
    """An engine whose workers go on when the command ends."""

    def detach(self) -> str:
        """Let the workers go on whatever follows; return what goes on, as text; empty if none."""
        ...

    def adopt(self, folder: Path) -> list[str]:
        """Take over the jobs of a session's folder; return the names of those not ended."""
        ...


@runtime_checkable
class Queueing(Protocol):
    """An engine that may have to wait for a place to run."""

    def waiting(self) -> str:
        """Return why nothing of it runs, as text; empty if something does."""
        ...
