"""Percentage points, as people type them."""

from __future__ import annotations

import math
import re

from poolbench.core.errors import BadInput

_POINTS = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(?:pp)?", re.IGNORECASE)


def share_of_points(text: str, what: str, example: str) -> float:
    """Read a number of percentage points above 0 and up to 100.

    Args:
        text: ``0.5pp`` or ``0.5``.
        what: What it is, for the message: ``--gap``.
        example: What to type instead.

    Returns:
        A fraction, in (0, 1].

    Raises:
        BadInput: It is not such a number.
    """
    match = _POINTS.fullmatch(text.strip())
    points = float(match["number"]) if match else math.nan
    if not 0 < points <= 100:
        raise BadInput(
            f"{what} is '{text}'",
            f"give percentage points above 0 and up to 100: {what} {example}",
        )
    return points / 100
