"""The memory format of maps, and the pieces in which they are processed."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from poolbench.operators.recording import is_plain

# Two buffers of this many float64 (4 MiB) stay in cache; smaller pieces cost more calls.
_CACHED_ELEMENTS = 2**18


def batches(maps: Tensor) -> Iterator[slice]:
    """Yield slices of the first dimension that together cover it.

    Small pieces pay off only if one thread works from its own cache: several threads would wait
    at a barrier after each of them. A compiler cuts its own.

    Args:
        maps: ``(N, ...)``.
    """
    images, elements = maps.shape[0], maps[:1].numel()
    is_alone = maps.device.type == "cpu" and is_plain(maps) and torch.get_num_threads() == 1
    step = max(1, _CACHED_ELEMENTS // max(1, elements)) if is_alone else max(1, images)
    for start in range(0, images, step):
        yield slice(start, start + step)


def pixelwise(maps: Tensor) -> Tensor:
    """Return the maps with the channels of a pixel adjacent, so that strided taps vectorise."""
    return maps.contiguous(memory_format=torch.channels_last)


def layout_of(maps: Tensor) -> torch.memory_format:
    """Return channels-last for maps that clearly are, and contiguous for all others."""
    is_pixelwise = not maps.is_contiguous() and maps.is_contiguous(
        memory_format=torch.channels_last
    )
    return torch.channels_last if is_pixelwise else torch.contiguous_format


def formatted_like(maps: Tensor, result: Tensor) -> Tensor:
    """Return the result in the memory format of the maps: channels-last if they clearly are."""
    return result.contiguous(memory_format=layout_of(maps))
