"""The error of pictures that cannot be read: one for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from poolbench.core.counted import counted, lines_of
from poolbench.core.errors import EnvironmentFault

_SHOWN = 20


def unreadable_pictures(pictures: Sequence[tuple[Path | str, str]]) -> EnvironmentFault:
    """Return an error that names the pictures, so that they are mended in one go.

    Args:
        pictures: The path or name of each, with the reason; at least one. The first 20 are named.
    """
    lines = [f"{path}: {reason}" for path, reason in pictures[:_SHOWN]]
    hint = "replace or remove the file"
    if len(pictures) == 1:
        return EnvironmentFault(f"cannot read the picture {lines[0]}", hint)
    count = len(pictures)
    return EnvironmentFault(
        f"cannot read {counted(count, 'picture')}:{lines_of(lines, count)}", f"{hint}s"
    )
