"""The room on the disk that pictures will need."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from poolbench.core.counted import counted
from poolbench.core.errors import EnvironmentFault
from poolbench.data.pictures.decoding import UnreadablePicture, header
from poolbench.data.pictures.progress import Watcher
from poolbench.data.pictures.source import PictureSource

_LOOKED_AT = 100


def check_room(
    folder: Path,
    sources: Sequence[PictureSource],
    total: int,
    keep_px: int | None,
    watcher: Watcher,
) -> None:
    """Say how much room is needed, and refuse to begin where there is less.

    Args:
        folder: Where the kept pictures go.
        sources: Those that are not there yet.
        total: Number of all.
        keep_px: Their shorter side at most, in pixels; ``None`` for any.
        watcher: Who is told.

    Raises:
        EnvironmentFault: There is less room than they need.
    """
    from rich import filesize

    needed = _estimate_bytes(sources, keep_px)
    free = shutil.disk_usage(folder).free
    room = f"{filesize.decimal(needed)} in {folder}, where {filesize.decimal(free)} are free"
    going_on = f" ({total - len(sources):,} of {total:,} are there)" if total > len(sources) else ""
    watcher.notice(f"preparing {counted(len(sources), 'picture')}{going_on}: about {room}")
    if needed > free:
        raise EnvironmentFault(
            f"decoded pictures need about {room}",
            "free some space, or name another folder with POOLBENCH_CACHE",
        )


def _estimate_bytes(sources: Sequence[PictureSource], keep_px: int | None) -> int:
    """Return about how large the kept pictures are, from the sides of up to a hundred."""
    sizes = []
    for source in sources[:: -(-len(sources) // _LOOKED_AT)]:
        with suppress(OSError, ValueError, UnreadablePicture):  # decoding will tell
            width, height = header(source.read()).size
            shorter = min(width, height)
            scale = 1.0 if keep_px is None else min(1.0, keep_px / shorter)
            sizes.append(3 * width * height * scale * scale)
    return round(float(np.mean(sizes)) * len(sources)) if sizes else 0
