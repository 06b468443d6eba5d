"""Random boxes of the images, all resized to one size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from poolbench.core.errors import BadInput

_TRIES = 10
_RATIOS = (3 / 4, 4 / 3)


class RandomResizedCrop:
    """Cut a box of random area and shape out of each image, and resize it to a square.

    Area and shape are drawn as in torchvision's ``RandomResizedCrop``, and resampled the same way:
    bilinear, antialiased if the box is larger than the square. As the first augmentation of
    pictures of any size, boxes are cut from the whole pictures, each drawn from its own sides.

    Args:
        mean: Unused.
        scale_min: Smallest area of a box, as a fraction of the image's, in (0, 1].
        scale_max: Largest area, at least ``scale_min``.
        size_px: Side of the squares; ``None`` keeps the height and width of the images.

    Raises:
        BadInput: ``scale_min`` is larger than ``scale_max``.
    """

    def __init__(
        self,
        *,
        mean: Sequence[float],
        scale_min: float = 0.35,
        scale_max: float = 1.0,
        size_px: int | None = None,
    ) -> None:
        del mean
        if scale_min > scale_max:
            raise BadInput(
                f"random-resized-crop: scale_min {scale_min:g} is larger than "
                f"scale_max {scale_max:g}"
            )
        self._scales, self.size_px = (scale_min, scale_max), size_px

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the resized boxes."""
        count, height, width, _ = images.shape
        sides = torch.tensor([height, width])[:, None].expand(2, count)
        size = (self.size_px or height, self.size_px or width)
        return resample(images, self.boxes(sides, generator), size)

    def boxes(self, sides: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a box of each picture: see :func:`draw_boxes`."""
        return draw_boxes(sides, scales=self._scales, generator=generator)


def draw_boxes(sides: Tensor, *, scales: tuple[float, float], generator: torch.Generator) -> Tensor:
    """Draw boxes with uniform area, log of width / height, and position.

    The first of ten draws that fits is taken. If none does, the box is the largest central one
    with an allowed shape (3/4 to 4/3).

    Args:
        sides: int64 ``(2, B)`` on the CPU: height and width of each picture, in pixels.
        scales: Smallest and largest area, as fractions of the picture's.
        generator: On the CPU.

    Returns:
        int64 ``(4, B)`` on the CPU: top, left, height, width.
    """
    count = sides.shape[1]
    uniform = torch.rand(4, count, _TRIES, generator=generator, dtype=torch.float64)
    heights, widths = sides.double()[:, :, None]
    areas = heights * widths * (scales[0] + (scales[1] - scales[0]) * uniform[0])
    low, high = (math.log(ratio) for ratio in _RATIOS)
    ratios = torch.exp(low + (high - low) * uniform[1])
    box_widths, box_heights = (areas * ratios).sqrt().round(), (areas / ratios).sqrt().round()
    tops = (uniform[2] * (heights - box_heights + 1)).floor()
    lefts = (uniform[3] * (widths - box_widths + 1)).floor()
    fits = (box_widths > 0) & (box_widths <= widths) & (box_heights > 0) & (box_heights <= heights)
    tries = torch.stack([tops, lefts, box_heights, box_widths]).long()
    first = fits.int().argmax(1)
    chosen = tries[:, torch.arange(count), first]
    return torch.where(fits.any(1), chosen, _central_boxes(*sides))


def resample(images: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a box of each image, all in two batched matrix products.

    Bilinear sampling is separable, and linear in the pixels: along an axis of length n it is a
    matrix of tents, each as wide as a pixel of the coarser of the two grids and cut off at the
    box. ``grid_sample`` works for enlarging only: it does not antialias.

    Args:
        images: uint8 ``(B, H, W, C)``, on any device.
        boxes: int64 ``(4, B)``, on the CPU or that device: top, left, height, width.
        size: Height and width of the result, in pixels.

    Returns:
        uint8 ``(B, *size, C)``, contiguous, on the device of ``images``.

    Numerics: Sums in float32, rounded to the nearest grey level. Within one level of torchvision's
    result for the same box, whose uint8 kernel rounds its weights and after each axis; another
    device may differ by one level if a sum lies half-way between two.
    """
    count, height, width, channels = images.shape
    tops, lefts, box_heights, box_widths = boxes
    rows = _tents(tops, box_heights, height, size[0]).to(images.device)
    columns = _tents(lefts, box_widths, width, size[1]).to(images.device)
    pixels = images.to(torch.float32).view(count, height, width * channels)
    resized = (rows @ pixels).view(count, size[0], width, channels)
    across = resized.transpose(1, 2).reshape(count, width, size[0] * channels)
    square = (columns @ across).view(count, size[1], size[0], channels).transpose(1, 2)
    return square.round().clamp(0, 255).to(torch.uint8).contiguous()


def _tents(starts: Tensor, lengths: Tensor, available: int, wanted: int) -> Tensor:
    """Return the weight of each pixel in each resampled one, ``(B, wanted, available)``."""
    starts, lengths = starts.double()[:, None], lengths.double()[:, None]
    step = lengths / wanted
    grid = torch.arange(max(wanted, available), dtype=torch.float64, device=starts.device) + 0.5
    centres, pixels = starts + step * grid[:wanted], grid[:available]
    distances = (pixels - centres[:, :, None]).abs()
    weights = (1 - distances / step.clamp(min=1)[:, :, None]).clamp(min=0)
    inside = (pixels > starts) & (pixels < starts + lengths)
    weights = weights * inside[:, None, :]
    return (weights / weights.sum(2, keepdim=True)).float()


def _central_boxes(heights: Tensor, widths: Tensor) -> Tensor:
    low, high = _RATIOS
    box_heights = torch.minimum(heights, (widths.double() / low).round().long())
    box_widths = torch.minimum(widths, (heights.double() * high).round().long())
    tops, lefts = (heights - box_heights) // 2, (widths - box_widths) // 2
    return torch.stack([tops, lefts, box_heights, box_widths])
