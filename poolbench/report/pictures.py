"""The chart of images of a data set, as they are, with what is said of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolbench.report.chart import Chart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Tile:
    """One image with what is said of it.

    Args:
        pixels: uint8 ``(H, W, C)`` with one or three channels.
        heading: A line above it.
        lines: Lines below it.
    """

    pixels: NDArray[np.uint8]
    heading: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pictures(Chart):
    """Images side by side, at least one, whose texts have as many lines each."""

    tiles: tuple[Tile, ...]
