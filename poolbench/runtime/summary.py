"""What the workers of a command did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolbench.runtime.task import TASKS, TaskName
from poolbench.runtime.utilisation import in_words


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What the workers of a command did.

    Args:
        task: What they were there for.
        done: Results made meanwhile: cells trained, diverged ones included, or measurements.
        reused: Results that were there before.
        failed: Reason by label, for cells left without a result.
        duration_s: Wall time, in seconds.
        workers: How many worked at once; 0 where there was nothing to do.
        busy_share: Part of the wall time that they spent at cells, in [0, 1].
        missing: Cells that cannot be measured because they are not trained.
        diverged: Cells that cannot be measured because their training diverged.
    """

    task: TaskName
    done: int
    reused: int
    failed: Mapping[str, str]
    duration_s: float
    workers: int = 0
    busy_share: float = 0.0
    missing: int = 0
    diverged: int = 0

    def __str__(self) -> str:
        task = TASKS[self.task]
        said = (
            f"{self.done} {task.made}, {self.reused} were there before"
            if self.done or self.failed
            else f"nothing to do: {task.nothing_left}"
        )
        left = [
            f"{count} cells {why}"
            for count, why in (
                (self.missing, "not trained"),
                (self.diverged, "diverged"),
                (len(self.failed), "failed"),
            )
            if count
        ]
        took = in_words(self.duration_s, self.workers, self.busy_share)
        return "; ".join([said, *left, took])
