"""The kinds of work that workers do on cells. The store decides what is left to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from poolbench.core.cell import Cell
from poolbench.core.named import Named
from poolbench.core.study import Study
from poolbench.runtime.measured import measured
from poolbench.store import measurements
from poolbench.store.store import Store

TaskName = Literal["train", "evaluate", "probe"]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A kind of work.

    Args:
        doing: What it does, in a word: ``training``.
        done: What it does to a cell, in a word: ``trained``.
        unit: What it makes one of: ``cell``.
        made: What is done to a unit: ``trained``.
        kept: What an interruption leaves.
        is_open: Whether a cell of a study needs it.
        notes: Folder below a run's, where its attempts are recorded; empty for that of the
            unfinished cell.
    """

    doing: str
    done: str
    unit: str
    made: str
    kept: str
    is_open: Callable[[Store, Study, Cell], bool]
    notes: str = ""

    def open_cells(self, store: Store, study: Study) -> list[Cell]:
        """Return the cells that need it, in the study's order."""
        return [cell for cell in study.cells if self.is_open(store, study, cell)]

    def notes_folder(self, store: Store, cell: Cell) -> Path:
        """Return the folder where attempts at a cell are recorded."""
        if not self.notes:
            return store.places.unfinished(cell.id)
        return store.folder(cell.id) / self.notes


def open_probes(store: Store, cell: Cell, probes: Sequence[Named]) -> list[Named]:
    """Return the missing probes of a run; none if there is no network to measure."""
    if store.network(cell.id) is None:
        return []
    return [probe for probe in probes if measured(store, cell, probe) is None]


def _is_unfinished(store: Store, _: Study, cell: Cell) -> bool:
    return not store.has_result(cell.id)


TASKS: Mapping[TaskName, Task] = {
    "train": Task(
        doing="training",
        done="trained",
        unit="cell",
        made="trained",
        kept="training is saved where it stood",
        is_open=_is_unfinished,
    ),
    "evaluate": Task(
        doing="evaluating",
        done="evaluated",
        unit="network",
        made="evaluated",
        kept="what was evaluated is stored",
        is_open=_is_unfinished,
    ),
    "probe": Task(
        doing="measuring",
        done="measured",
        unit="measurement",
        made="made",
        kept="what was measured is stored",
        is_open=lambda store, study, cell: bool(open_probes(store, cell, study.probes)),
        notes=measurements.FOLDER,
    ),
}
