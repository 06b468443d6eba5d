"""Bilinear, antialiased resampling of a batch of boxes at once: for a GPU."""

from __future__ import annotations

import torch
from torch import Tensor

from poolbench.data.augment.random_resized_crop import resample

# Boxes are padded to the largest of a batch, or of a part of it with so many pixels.
_PIXELS_AT_ONCE = 1 << 25


def resample_boxes(
    pixels: Tensor, starts: Tensor, strides: Tensor, boxes: Tensor, size_px: int
) -> Tensor:
    """Resize boxes of pictures of any size to squares.

    Args:
        pixels: uint8 ``(P, 3)``: pictures back to back, row by row.
        starts: int64 ``(B,)`` on the CPU: the first pixel of each box.
        strides: int64 ``(B,)`` on the CPU: pixels from one row of its picture to the next.
        boxes: int64 ``(2, B)`` on the CPU: height and width of each box.
        size_px: Side of the squares.

    Returns:
        uint8 ``(B, size_px, size_px, 3)``, contiguous, on the device of ``pixels``.

    Numerics: As :func:`~poolbench.data.augment.random_resized_crop.resample`. The result depends on
    the boxes alone, not on the pictures around them.
    """
    count = boxes.shape[1]
    squares = torch.empty(count, size_px, size_px, 3, dtype=torch.uint8, device=pixels.device)
    done = 0
    while done < count:
        part = slice(done, done + _fitting(boxes[:, done:]))
        squares[part] = _resample_part(pixels, starts[part], strides[part], boxes[:, part], size_px)
        done = part.stop
    return squares


def _fitting(boxes: Tensor) -> int:
    """Return the number of boxes, at least 1, that are padded to one size together."""
    heights, widths = boxes.cummax(1).values
    padded = heights * widths * torch.arange(1, boxes.shape[1] + 1)
    return max(1, int((padded <= _PIXELS_AT_ONCE).sum()))


def _resample_part(
    pixels: Tensor, starts: Tensor, strides: Tensor, boxes: Tensor, size_px: int
) -> Tensor:
    height, width = boxes.amax(1).tolist()
    starts, strides, boxes = (each.to(pixels.device) for each in (starts, strides, boxes))
    box_heights, box_widths = boxes[:, :, None]
    # Beyond a box its last row and column are repeated: whatever it is, it weighs nothing.
    rows = torch.arange(height, device=pixels.device).minimum(box_heights - 1)
    columns = torch.arange(width, device=pixels.device).minimum(box_widths - 1)
    index = (starts[:, None] + rows * strides[:, None])[:, :, None] + columns[:, None, :]
    padded = pixels.index_select(0, index.flatten()).view(len(starts), height, width, 3)
    corner = torch.zeros_like(boxes)
    return resample(padded, torch.cat([corner, boxes]), (size_px, size_px))
