"""What is said while pictures are prepared."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Protocol

_EVERY_S = 0.5


class Watcher(Protocol):
    """Whoever shows how far the preparation is."""

    def notice(self, text: str) -> None:
        """Tell people something, once."""
        ...

    def progress(self, text: str, fraction: float) -> None:
        """Show how far it is; called about twice a second, and may raise to end it.

        Args:
            text: The state, in words.
            fraction: What is done, in [0, 1].
        """
        ...


class Unwatched:
    """Nobody looks."""

    def notice(self, text: str) -> None:
        """Do nothing."""

    def progress(self, text: str, fraction: float) -> None:
        """Do nothing."""


class Pace:
    """Counts pictures, and tells a watcher their number a second and the time left.

    Args:
        done: Pictures that were there before.
        total: All pictures.
        watcher: Who is told.
        doing: What is done with them.
        unit: What is counted.
    """

    def __init__(
        self,
        done: int,
        total: int,
        watcher: Watcher,
        *,
        doing: str = "preparing pictures",
        unit: str = "pictures",
    ) -> None:
        self._before, self._done, self._total = done, done, total
        self._watcher, self._doing, self._unit = watcher, doing, unit
        self._began = self._told_at = time.monotonic()

    def count(self, number: int = 1) -> None:
        """Count more of them: one, or a number of at least 1."""
        self._done += number
        now = time.monotonic()
        if now - self._told_at < _EVERY_S:
            return
        self._told_at = now
        rate = (self._done - self._before) / (now - self._began)
        left = timedelta(seconds=round((self._total - self._done) / rate))
        self._watcher.progress(
            f"{self._doing}: {self._done:,} of {self._total:,}, {rate:,.0f} {self._unit}/s, "
            f"{left} left",
            self._done / self._total,
        )
