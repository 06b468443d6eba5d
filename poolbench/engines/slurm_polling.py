"""Looks at Slurm's queue: one once in a while, and patience with a busy controller."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping

from poolbench.core.counted import counted
from poolbench.engines.api import Unreachable
from poolbench.engines.slurm_queue import queued

_UNANSWERED = 5
_SILENT_S = 300.0
"""A busy controller is silent for a minute or two."""
_UNSAID = frozenset({"", "None"})


class Polling:
    """Looks at the queue.

    Args:
        every_s: Seconds between two looks.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_s = 0.0
        self._unanswered, self._answered_s = 0, time.monotonic()

    def postpone(self) -> None:
        """Look again after a whole interval."""
        self._next_s = time.monotonic() + self._every_s

    def look(self, timeout_s: float) -> Mapping[tuple[str, int], str] | None:
        """Wait up to ``timeout_s``; return what is queued, if it was time to ask and Slurm told.

        Raises:
            Unreachable: Slurm has not answered for minutes, and several times.
        """
        left_s = self._next_s - time.monotonic()
        if left_s > 0:
            time.sleep(min(timeout_s, left_s))
            return None
        self.postpone()
        try:
            there = queued()
        except Unreachable as fault:
            self._unanswered += 1
            silent_s = time.monotonic() - self._answered_s
            if self._unanswered < _UNANSWERED or silent_s < _SILENT_S:
                return None
            minutes = counted(round(silent_s / 60), "minute")
            message = f"Slurm has not answered for {minutes}: {fault.message}"
            raise Unreachable(message, fault.hint) from fault
        self._unanswered, self._answered_s = 0, time.monotonic()
        return there


def describe_waiting(reasons: Collection[str]) -> str:
    """Return why nothing runs, as text; empty if something does, or Slurm has not looked yet.

    Args:
        reasons: Why each element waits, in Slurm's word; empty if it runs.
    """
    said = [reason for reason, _ in Counter(reasons).most_common() if reason not in _UNSAID]
    if not said or not all(reasons):
        return ""
    queued_here = counted(len(reasons), "array element is", "array elements are")
    return f"{queued_here} queued: {', '.join(said)}"
