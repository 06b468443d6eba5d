"""The user's cache folder: what is in it can always be made again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return ``$POOLBENCH_CACHE``, or else the platform's folder for caches."""
    named = os.environ.get("POOLBENCH_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("poolbench")
