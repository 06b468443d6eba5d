"""Where data sets are looked for."""

from __future__ import annotations

import os
from pathlib import Path


def data_root(given: Path | None = None) -> Path | None:
    """Return where data sets are looked for: the argument, or ``POOLBENCH_DATA``, or nowhere."""
    if given is not None:
        return given
    named = os.environ.get("POOLBENCH_DATA")
    return Path(named) if named else None
