"""Telling how far the preparation of pictures is, from inside a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Stopped(Exception):
    """The worker must end before its pictures are prepared."""


@dataclass(frozen=True, kw_only=True)
class Preparing:
    """Watches the preparation of pictures: see ``poolbench.data.pictures.progress.Watcher``.

    Args:
        should_stop: Whether to end it now; what is prepared stays.
        on_progress: Called with the state, in words.
        on_notice: Called with messages for people.
    """

    should_stop: Callable[[], bool]
    on_progress: Callable[[str], None]
    on_notice: Callable[[str], None]

    def notice(self, text: str) -> None:
        """Tell people."""
        self.on_notice(text)

    def progress(self, text: str, fraction: float) -> None:
        """Show the state.

        Raises:
            Stopped: The worker must end.
        """
        del fraction  # of the preparation, not of the cell
        if self.should_stop():
            raise Stopped
        self.on_progress(text)
