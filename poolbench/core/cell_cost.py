"""What it takes to train a cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CellCost:
    """What one cell takes.

    Args:
        duration_s: Training and evaluation on one worker, in seconds.
        size_bytes: Of its run in the store.
        device: Kind of device that it was timed on: ``cpu`` or ``cuda``; empty if unknown.
    """

    duration_s: float
    size_bytes: float
    device: str = ""
