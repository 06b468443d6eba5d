"""Telling how far the first look at a data set's files is: of a million it takes minutes."""

from __future__ import annotations

import time
from collections.abc import Callable

_EVERY_S = 10.0


class FirstLook:
    """Watches the reading of files: see ``poolbench.data.pictures.progress.Watcher``.

    Args:
        tell: Called with a line every ten seconds; a short look tells nothing.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell, self._told_at = tell, time.monotonic()

    def notice(self, text: str) -> None:
        """Tell people something."""
        self._tell(text)

    def progress(self, text: str, fraction: float) -> None:
        """Tell the state, but not too often."""
        del fraction  # the text has it in pictures
        now = time.monotonic()
        if now - self._told_at >= _EVERY_S:
            self._told_at = now
            self._tell(text)
