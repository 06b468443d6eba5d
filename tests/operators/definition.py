"""Pooling by a definition: Python loops over the elements of each window, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from poolbench.operators.window import Window


def pool_by_definition(
    x: Tensor,
    window: Window | None,
    definition: Callable[[Any], float],
    *,
    in_places: bool = False,
) -> Tensor:
    """Apply a definition to the elements of every window; torch gives only the size.

    Args:
        x: Maps.
        window: Geometry; ``None`` for the whole map.
        definition: Of the elements of a window, row by row.
        in_places: Whether the definition is given ``None`` where a window has padding; else it is
            given the elements alone.
    """
    height, width = x.shape[2:]
    kernel, stride, padding = (height, width), (1, 1), (0, 0)
    rows, columns = 1, 1
    if window is not None:
        kernel, stride, padding = window.kernel_size, window.stride, window.padding
        rows, columns = torch.nn.MaxPool2d(kernel, stride, padding, ceil_mode=window.ceil_mode)(
            torch.zeros(1, 1, height, width)
        ).shape[2:]
    pooled = torch.empty(*x.shape[:2], rows, columns, dtype=torch.float64)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride[0] - padding[0], j * stride[1] - padding[1]
                    elements = [
                        float(x[n, c, r, s]) if 0 <= r < height and 0 <= s < width else None
                        for r in range(top, top + kernel[0])
                        for s in range(left, left + kernel[1])
                    ]
                    given = elements if in_places else [z for z in elements if z is not None]
                    pooled[n, c, i, j] = definition(given)
    return pooled.flatten(1) if window is None else pooled
