"""How busy the workers of a command were."""

from __future__ import annotations

from poolbench.core.events import Event

_SETTLED = {"finished", "diverged", "failed"}


class Utilisation:
    """The time that cells took, out of the time that there were workers for them.

    What is missing from 1 is the workers' start, the gaps between their cells, cells that a worker
    died of, and the end, when there are fewer cells left than workers.

    Args:
        workers: How many work at once.

    Attributes:
        busy_s: Seconds from beginning to end of cells, of all workers together.
    """

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers
        self.busy_s = 0.0
        self._began_s: dict[str, float] = {}

    def take(self, event: Event) -> None:
        """Count what an event tells of a cell's beginning or end."""
        if event.kind == "started":
            self._began_s[event.cell] = event.at_s
        elif event.kind in _SETTLED and event.cell in self._began_s:
            self.busy_s += event.at_s - self._began_s.pop(event.cell)

    def share(self, duration_s: float) -> float:
        """Return the part of a wall time, in [0, 1], that the workers spent at cells."""
        return self.busy_s / (self.workers * duration_s) if self.workers else 0.0


def in_words(duration_s: float, workers: int, busy_share: float) -> str:
    """Return how long a command took, and how busy its workers were if it had any."""
    if not workers:
        return f"{duration_s:.1f} s"
    noun = "worker" if workers == 1 else "workers"
    return f"{duration_s:.1f} s, {workers} {noun} busy {100 * busy_share:.0f} %"
