"""A batch of labelled images, as data make it and everything else takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Images as a network takes them.

    Args:
        images: float32 ``(B, C, H, W)`` in [0, 1], channels-last in memory.
        labels: int64 ``(B,)``.
    """

    images: Tensor
    labels: Tensor
