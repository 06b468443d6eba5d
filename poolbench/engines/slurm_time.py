"""Time limits as Slurm writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PATTERN = (
    r"|(?i:unlimited|infinite)"
    r"|\d{1,7}(:\d{1,2})?"  # M, M:S
    r"|\d{1,5}:\d{1,2}:\d{1,2}"  # H:M:S
    r"|\d{1,4}-\d{1,2}(:\d{1,2}){0,2}"  # D-H, D-H:M, D-H:M:S
)
FORM = "a time (M, M:S, H:M:S, D-H, D-H:M or D-H:M:S)"


def seconds_of(limit: str) -> int | None:
    """Return a time limit in seconds; ``None`` if it is Slurm's default, or there is none."""
    days, dash, rest = limit.rpartition("-")
    if not re.fullmatch(r"[\d:]+", rest):
        return None
    parts = [int(part) for part in rest.split(":")]
    if not dash and len(parts) < 3:
        parts = [0, *parts]  # it begins with minutes, not hours
    hours, minutes, seconds = (*parts, 0, 0)[:3]
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds or None


def check(options: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Check that an element has time to train before it has to save.

    Returns:
        The option at fault, what is wrong, and what to change; ``None`` if nothing is.
    """
    limit_s, grace_s = seconds_of(options["time"]), options["grace_s"]
    if limit_s is None or 2 * grace_s < limit_s:
        return None
    return (
        "grace_s",
        f"an element saves {grace_s} s before its time is up, which is half or more of its "
        f"{limit_s} s (time: {options['time']})",
        "it would do little but start: raise time, or lower grace_s",
    )
