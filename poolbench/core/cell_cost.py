"""What it takes to train a cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CellCost:
    """What one cell takes.

    Args:
        duration_s: Training and evaluation on one worker, in seconds.
        size_bytes: Of its run in the store.
    """

    duration_s: float
    size_bytes: float
