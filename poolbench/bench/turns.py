"""Benchmarks take turns: they get ready side by side, and race one at a time.

Beside another, a benchmark would measure what the two of them leave each other of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

_queue: ContextVar[_Queue | None] = ContextVar("_queue", default=None)


class _Queue:
    """Those of one user on one machine that want to race.

    Who gets ready holds the lock together with the others that do; who races holds it alone, and
    so begins when nobody is getting ready any more. The kernel frees the lock of a dead process.
    """

    def __init__(self, descriptor: int, tell: Callable[[str], None]) -> None:
        self._descriptor, self._tell = descriptor, tell

    def get_ready(self) -> None:
        self._lock(alone=False)

    def race(self) -> None:
        self._lock(alone=True)

    def _lock(self, *, alone: bool) -> None:
        import fcntl

        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self._tell("waiting for another benchmark on this machine to end")
            fcntl.flock(self._descriptor, kind)


@contextmanager
def taking_turns(folder: Path, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Let the races of this context wait for those of other processes, and others for them.

    Args:
        folder: Of the lock; those that name the same one wait for each other. It is made.
        tell: Given a line before waiting, and where there can be no lock: benchmarks run then all
            the same, beside whatever else runs.
    """
    if os.name != "posix":  # no such locks: benchmarks run when they come
        yield
        return
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / "bench.lock", os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, descriptor)  # which frees the lock
            queue = _Queue(descriptor, tell)
            queue.get_ready()
        except OSError as error:
            tell(f"benchmarks do not wait for each other here: {folder}: {error.strerror}")
        else:
            stack.callback(_queue.reset, _queue.set(queue))
        yield


def wait_for_turn() -> None:
    """Wait until nobody else races or gets ready; the turn lasts as long as the context."""
    queue = _queue.get()
    if queue is not None:
        queue.race()
