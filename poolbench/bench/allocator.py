"""The allocator of a benchmark: that of training workers, or the system's."""

from __future__ import annotations

import os
import sys

from poolbench.engines.local import ALLOCATOR


def restart_under_workers_allocator() -> None:
    """Replace this process by the same command with a worker's allocator, unless it has one.

    The settings are read when a process starts. Without them much of the measured time is mapping
    and faulting in memory that was freed a step before. The user's own settings are kept, as for
    workers.
    """
    if not ALLOCATOR.keys() <= os.environ.keys():
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(command[0], command, {**ALLOCATOR, **os.environ})  # noqa: S606 - ourselves


def allocator() -> str:
    """Return a note on the allocator of this process, for a table."""
    given = {name: os.environ[name] for name in ALLOCATOR if name in os.environ}
    if given == ALLOCATOR:
        return "every row under the allocator of a worker"
    settings = ", ".join(f"{name}={value}" for name, value in given.items())
    return f"every row under the system's allocator{f' with {settings}' * bool(settings)}"
