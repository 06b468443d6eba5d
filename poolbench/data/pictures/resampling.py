"""Bilinear, antialiased resampling of one picture."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate


def resized(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a picture, as torchvision resizes tensors of bytes.

    Each pixel is a weighted mean under a tent, as wide as a pixel of the coarser grid.

    Args:
        pixels: uint8 ``(height, width, 3)`` on the CPU, of any strides.
        size: New height and width, in pixels.

    Returns:
        uint8 ``(*size, 3)``, contiguous.

    Numerics: Weights are rounded to 16 bits, and grey levels after each axis: within one level of
    Pillow and of float arithmetic. The same bits whatever the number of threads.
    """
    if pixels.shape[:2] == size:
        return pixels.contiguous()
    # A leading axis of stride H W C makes the kernel read and write with channels innermost.
    batch = pixels.contiguous()[None].permute(0, 3, 1, 2)
    scaled = interpolate(batch, size=size, mode="bilinear", antialias=True, align_corners=False)
    return scaled.permute(0, 2, 3, 1)[0].contiguous()
