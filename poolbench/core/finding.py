"""One result of checking a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "fault"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check.

    Args:
        what: What was checked.
        level: ``ok``; ``note`` if something optional is missing; ``fault`` if training is not
            possible.
        detail: What was found.
        advice: What to do; empty if nothing is wrong.
    """

    what: str
    level: Level
    detail: str
    advice: str = ""
