"""Changes of grey levels and colours of a batch, each image by its own amount.

Images are uint8 ``(B, H, W, C)`` with C = 1 or 3; amounts are float64 ``(B,)`` on their device.
"""

from __future__ import annotations

import torch
from torch import Tensor

_LEVELS = 256
_WHITE = 255
_LUMA = (0.2989, 0.587, 0.114)  # ITU-R BT.601


def brightness(images: Tensor, amount: Tensor) -> Tensor:
    """Blend with black: ``(1 + amount) image``."""
    return _blend(images, torch.zeros((), device=images.device), amount)


def colour(images: Tensor, amount: Tensor) -> Tensor:
    """Blend with the grey image: ``grey + (1 + amount) (image - grey)``; grey images stay."""
    if images.shape[-1] == 1:
        return images
    return _blend(images, _grey(images), amount)


def contrast(images: Tensor, amount: Tensor) -> Tensor:
    """Blend with the grey image's mean: ``mean + (1 + amount) (image - mean)``."""
    grey = _grey(images)
    mean = grey.sum((1, 2, 3), keepdim=True) / grey[0].numel()
    return _blend(images, mean, amount)


def sharpness(images: Tensor, amount: Tensor) -> Tensor:
    """Blend with the smoothed image: ``smooth + (1 + amount) (image - smooth)``.

    The smoothing kernel is ``[1 1 1; 1 5 1; 1 1 1] / 13``; the outermost pixels are kept.
    """
    levels = images.int()
    rows = levels[:, :-2] + levels[:, 1:-1] + levels[:, 2:]
    total = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:] + 4 * levels[:, 1:-1, 1:-1]
    smooth = levels.clone()
    smooth[:, 1:-1, 1:-1] = (total + 6).div(13, rounding_mode="floor")
    return _blend(images, smooth, amount)


def posterize(images: Tensor, bits: Tensor) -> Tensor:
    """Keep the upper ``bits`` bits of each level, 0 to 8."""
    step = torch.exp2(8 - bits).to(torch.int32)[:, None, None, None]
    return (images - images % step).to(torch.uint8)


def solarize(images: Tensor, threshold: Tensor) -> Tensor:
    """Invert the levels at or above ``threshold``."""
    return torch.where(images >= threshold[:, None, None, None], _WHITE - images, images)


def invert(images: Tensor, _: Tensor) -> Tensor:
    """Invert every level."""
    return _WHITE - images


def autocontrast(images: Tensor, _: Tensor) -> Tensor:
    """Stretch each channel linearly to 0..255; a constant channel stays."""
    low = images.amin((1, 2), keepdim=True)
    span = images.amax((1, 2), keepdim=True) - low
    scale = _WHITE / span.float()
    stretched = ((images - low) * scale).clamp(0, _WHITE).to(torch.uint8)
    return torch.where(span > 0, stretched, images)


def equalize(images: Tensor, _: Tensor) -> Tensor:
    """Map each channel's levels so that their histogram is as flat as can be.

    Level v becomes ``(pixels below v + step // 2) // step``, with ``step`` the 255th part of the
    pixels below the channel's highest level; a channel of fewer such pixels stays.
    """
    count, height, width, channels = images.shape
    planes = images.permute(0, 3, 1, 2).reshape(count * channels, height * width).long()
    histogram = torch.zeros(len(planes), _LEVELS, dtype=torch.int64, device=images.device)
    histogram.scatter_add_(1, planes, torch.ones_like(planes))
    highest = planes.amax(1, keepdim=True)
    step = (height * width - histogram.gather(1, highest)).div(_WHITE, rounding_mode="floor")
    below = histogram.cumsum(1) - histogram
    flat = (below + step.div(2, rounding_mode="floor")).div(
        step.clamp(min=1), rounding_mode="floor"
    )
    levels = torch.where(step > 0, flat.clamp(0, _WHITE).gather(1, planes), planes)
    shape = (count, channels, height, width)
    return levels.to(torch.uint8).view(shape).permute(0, 2, 3, 1).contiguous()


def _blend(images: Tensor, other: Tensor, amount: Tensor) -> Tensor:
    share = (1 + amount)[:, None, None, None]
    blended = share.float() * images + (1 - share).float() * other
    return blended.clamp(0, _WHITE).to(torch.uint8)


def _grey(images: Tensor) -> Tensor:
    if images.shape[-1] == 1:
        return images
    red, green, blue = images.unbind(-1)
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    return luma.to(torch.uint8)[..., None]
