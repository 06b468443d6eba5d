"""How busy the workers of a command were."""

from __future__ import annotations

from poolbench.core.events import Event


class Utilisation:
    """The fraction of the workers' time that they spent on cells.

    The rest is startup, gaps between cells, cells that killed their worker, and the end, when fewer
    cells are left than workers.

    Args:
        workers: Number of workers at once.

    Attributes:
        busy_s: Time from start to end of cells, summed over all workers, in seconds.
    """

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers
        self.busy_s = 0.0
        self._began_s: dict[str, float] = {}

    def take(self, event: Event) -> None:
        """Count an event that starts or ends a cell."""
        if event.kind == "started":
            self._began_s[event.cell] = event.at_s
        elif event.is_settled and event.cell in self._began_s:
            self.busy_s += event.at_s - self._began_s.pop(event.cell)

    def share(self, duration_s: float) -> float:
        """Return the fraction of a duration, in [0, 1], that the workers spent on cells."""
        return self.busy_s / (self.workers * duration_s) if self.workers else 0.0


def effort_text(duration_s: float, workers: int, busy_share: float) -> str:
    """Return the duration of a command and how busy its workers were, as text.

    Args:
        duration_s: Wall-clock time, in seconds.
        workers: Number of workers at once; 0 leaves them out.
        busy_share: Fraction of the time that they spent on cells, in [0, 1].
    """
    if not workers:
        return f"{duration_s:.1f} s"
    noun = "worker" if workers == 1 else "workers"
    return f"{duration_s:.1f} s, {workers} {noun} busy {100 * busy_share:.0f} %"
