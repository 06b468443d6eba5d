"""Which allocator a benchmark measures under: that of the workers that train, or the system's."""

from __future__ import annotations

import os
import sys

from poolbench.engines.local import ALLOCATOR


def restart_under_workers_allocator() -> None:
    """Start this command anew in its own place, with a worker's allocator, unless it has one.

    The settings are read when a process starts, and without them much of what is measured is the
    mapping and faulting in of memory that was given back a step before. Settings of the user's own
    stay, as they do for workers.
    """
    if not ALLOCATOR.keys() <= os.environ.keys():
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(command[0], command, {**ALLOCATOR, **os.environ})  # noqa: S606 - ourselves


def allocator() -> str:
    """Return in words which allocator serves this process, for the foot of a table."""
    given = {name: os.environ[name] for name in ALLOCATOR if name in os.environ}
    if given == ALLOCATOR:
        return "every row under the allocator of a worker"
    settings = ", ".join(f"{name}={value}" for name, value in given.items())
    return f"every row under the system's allocator{f' with {settings}' * bool(settings)}"
