"""The user's cache folder: everything in it can be recreated."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return ``$POOLBENCH_CACHE``, or the platform's cache folder."""
    named = os.environ.get("POOLBENCH_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("poolbench")
