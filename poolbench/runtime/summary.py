"""A summary of a command's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolbench.core.counted import counted
from poolbench.runtime.task import TASKS, TaskName
from poolbench.runtime.utilisation import effort_text


@dataclass(frozen=True, kw_only=True, repr=False)
class Summary:
    """A summary of the work of a command.

    Args:
        task: The task of its workers.
        done: Number of new results: cells trained, diverged ones included, or measurements.
        reused: Number of results that existed before, or that another process made meanwhile.
        failed: Reason by label, for cells left without a result.
        duration_s: Wall-clock time, in seconds.
        workers: Number of workers at once; 0 if there was nothing to do.
        busy_share: Fraction of the wall-clock time that workers spent on cells, in [0, 1].
        missing: Number of cells not measured because they are not trained.
        diverged: Number of cells not measured because their training diverged.
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
        done = (
            f"{counted(self.done, task.unit)} {task.made}, {self.reused} already stored"
            if self.done or self.failed
            else f"nothing to do: every {task.unit} is stored already"
        )
        left = [
            f"{counted(count, 'cell')} {why}"
            for count, why in (
                (self.missing, "not trained"),
                (self.diverged, "diverged"),
                (len(self.failed), "failed"),
            )
            if count
        ]
        effort = effort_text(self.duration_s, self.workers, self.busy_share)
        return "; ".join([done, *left, effort])

    def __repr__(self) -> str:
        return str(self)  # notebooks show it
