"""Taking turns: benchmarks set up in parallel, and race one at a time.

In parallel with another, a benchmark would measure a machine that both share.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

_queue: ContextVar[_Queue | None] = ContextVar("_queue", default=None)


class _Queue:
    """The benchmarks of one user on one machine that want to race.

    During set-up a benchmark holds a shared lock; for its race it holds the lock exclusively, so
    it starts when no other is setting up. The kernel releases the lock of a dead process.
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
    """Make the races of this context and those of other processes wait for each other.

    Args:
        folder: Folder of the lock, created if missing; races with the same folder take turns.
        tell: Called with a message before waiting, and if there can be no lock: benchmarks then
            run without taking turns.
    """
    if os.name != "posix":  # no such locks: benchmarks run at once
        yield
        return
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / "bench.lock", os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, descriptor)  # this releases the lock
            queue = _Queue(descriptor, tell)
            queue.get_ready()
        except OSError as error:
            tell(f"benchmarks do not wait for each other here: {folder}: {error.strerror}")
        else:
            stack.callback(_queue.reset, _queue.set(queue))
        yield


def wait_for_turn() -> None:
    """Wait until no other benchmark races or sets up; the turn lasts as long as the context."""
    queue = _queue.get()
    if queue is not None:
        queue.race()
