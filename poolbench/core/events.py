"""What a worker reports while it runs: one JSON object per line.

Events only feed progress displays, so none is essential: the store alone decides what is finished.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from poolbench.core.cell import Cell
from poolbench.core.document import read_as
from poolbench.core.printable import shown_in_json
from poolbench.core.record import Result

Kind = Literal["started", "progress", "finished", "diverged", "failed", "notice", "waiting"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a cell.

    Args:
        kind: What happened.
        cell: The cell's id; empty when the event is about the worker itself.
        label: The cell as text.
        epoch: Epochs completed, out of ``epochs``.
        epochs: Epochs in total.
        fraction: Fraction of the cell's training that is done, in [0, 1].
        loss: Mean training loss so far in the epoch, when known.
        accuracy: Validation (or, when finished, test) accuracy as a fraction, when known.
        images_per_s: Training throughput, when known.
        detail: Text for people: a failure's reason and advice.
        at_s: Time of the event on the worker's clock; only differences are meaningful.
    """

    kind: Kind
    cell: str = ""
    label: str = ""
    epoch: int = 0
    epochs: int = 0
    fraction: float = 0.0
    loss: float | None = None
    accuracy: float | None = None
    images_per_s: float | None = None
    detail: str = field(default="")
    at_s: float = 0.0

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will happen to the cell."""
        return self.kind in ("finished", "diverged", "failed")

    def to_line(self) -> str:
        """Return the event as one line of JSON."""
        text = json.dumps(asdict(self), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
        return shown_in_json(text) + "\n"


def result_event(cell: Cell, result: Result) -> Event:
    """Return the event of a cell that has a result."""
    is_ok = result.status == "ok"
    return Event(
        kind="finished" if is_ok else "diverged",
        cell=cell.id,
        label=str(cell),
        epoch=result.epochs,
        epochs=cell.recipe.epochs,
        fraction=1.0,
        accuracy=result.accuracy if is_ok else None,
        detail=result.detail,
    )


def event_from_line(line: str | bytes) -> Event:
    """Read back what :meth:`Event.to_line` wrote.

    Raises:
        Damaged: It did not write this line.
    """
    return read_as(Event, line)
