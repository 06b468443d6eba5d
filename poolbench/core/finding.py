"""What the examination of a machine says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "fault"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Args:
        what: The thing.
        level: ``ok``; ``note`` when something is missing that can be done without; ``fault`` when
            training is not possible.
        detail: What was found.
        advice: What to do; empty when nothing is wrong.
    """

    what: str
    level: Level
    detail: str
    advice: str = ""
