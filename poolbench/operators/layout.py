"""The memory format of maps, and the pieces in which they are processed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.recording import is_plain
from poolbench.operators.window import Window

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


def pool_by_torch(pool: Callable[[Tensor], Tensor], maps: Tensor) -> Tensor:
    """Apply one of torch's pools, which refuse maps without channels but not an empty batch.

    Args:
        pool: From maps to ``(N, C, H', W')``.
        maps: ``(N, C, H, W)``.
    """
    if maps.shape[1]:
        return pool(maps)
    pooled = pool(maps.reshape(0, 1, *maps.shape[2:]))
    return pooled.reshape(*maps.shape[:2], *pooled.shape[2:])


def maximum_by_torch(maps: Tensor, window: Window) -> Tensor:
    """Return the maximum of each window, ``(N, C, H', W')``, by torch's own code."""
    pool = partial(
        F.max_pool2d, kernel_size=window.kernel_size, stride=window.stride,
        padding=window.padding, ceil_mode=window.ceil_mode,
    )  # fmt: skip
    return pool_by_torch(pool, maps)


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
