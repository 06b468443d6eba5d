"""The folder of data sets."""

from __future__ import annotations

import os
from pathlib import Path


def data_root(given: Path | None = None) -> Path | None:
    """Return the folder of data sets: the argument, else ``POOLBENCH_DATA``, else ``None``."""
    if given is not None:
        return given
    named = os.environ.get("POOLBENCH_DATA")
    return Path(named) if named else None
