"""Shears, shifts and rotations of a batch, each image by its own amount, nearest pixel, black fill.

A coordinate is measured from the centre of the image, in pixels; the matrices map a pixel of the
result to its source position in the image.
"""

from __future__ import annotations

import torch
from torch import Tensor


def shear_y(images: Tensor, slope: Tensor) -> Tensor:
    """Move column x up by ``slope x``, x counted from the left edge.

    Args:
        images: uint8 ``(B, H, W, C)``.
        slope: float64 ``(B,)``, on the device of ``images``.
    """
    one, zero = torch.ones_like(slope), torch.zeros_like(slope)
    shift = slope * images.shape[2] / 2
    return _resample(images, (one, zero, zero), (slope, one, shift))


def translate_x(images: Tensor, distance: Tensor) -> Tensor:
    """Move right by ``distance`` pixels, cut to a whole number. Shapes as for ``shear_y``."""
    one, zero = torch.ones_like(distance), torch.zeros_like(distance)
    return _resample(images, (one, zero, -distance.trunc()), (zero, one, zero))


def translate_y(images: Tensor, distance: Tensor) -> Tensor:
    """Move down by ``distance`` pixels, cut to a whole number. Shapes as for ``shear_y``."""
    one, zero = torch.ones_like(distance), torch.zeros_like(distance)
    return _resample(images, (one, zero, zero), (zero, one, -distance.trunc()))


def rotate(images: Tensor, angle: Tensor) -> Tensor:
    """Turn counter-clockwise by ``angle`` degrees about the centre. Shapes as for ``shear_y``."""
    cosine, sine = torch.deg2rad(angle).cos(), torch.deg2rad(angle).sin()
    zero = torch.zeros_like(angle)
    return _resample(images, (cosine, -sine, zero), (sine, cosine, zero))


def _resample(
    images: Tensor, to_x: tuple[Tensor, Tensor, Tensor], to_y: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    count, height, width, channels = images.shape
    x = torch.arange(width, device=images.device) - (width - 1) / 2
    y = torch.arange(height, device=images.device)[:, None] - (height - 1) / 2
    column = _source_coordinate(to_x, x, y) + (width - 1) / 2
    row = _source_coordinate(to_y, x, y) + (height - 1) / 2
    column, row = column.round().long(), row.round().long()
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    image = torch.arange(count, device=images.device)[:, None, None]
    source = (image * height + row.clamp(0, height - 1)) * width + column.clamp(0, width - 1)
    pixels = images.reshape(-1, channels).index_select(0, source.flatten())
    return pixels.view(images.shape) * inside[..., None]


def _source_coordinate(
    row_of_matrix: tuple[Tensor, Tensor, Tensor], x: Tensor, y: Tensor
) -> Tensor:
    along_x, along_y, shift = (entry[:, None, None] for entry in row_of_matrix)
    return along_x * x + along_y * y + shift
