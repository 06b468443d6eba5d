"""Random occlusion."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from poolbench.core.errors import BadInput


class Cutout:
    """Cover a square, at a uniformly random position in each image, with the training mean.

    The square lies wholly inside the image, as in Page's fast CIFAR-10 training; in DeVries and
    Taylor's form only its centre has to be inside, so that less may be covered.

    Args:
        mean: Training mean of each channel, in [0, 1]: the cover is zero after normalisation, to
            within half a grey level.
        size: Side of the square in pixels, at least 1.
    """

    def __init__(self, *, mean: Sequence[float], size: int = 8) -> None:
        self._cover = torch.tensor([round(255 * value) for value in mean], dtype=torch.uint8)
        self._size = size

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the images, each with a square covered.

        Raises:
            BadInput: The square is larger than the image.
        """
        count, height, width, _ = images.shape
        if self._size > min(height, width):
            raise BadInput(
                f"cutout: a square of {self._size} does not fit images of {height} x {width} pixels"
            )
        top = torch.randint(height - self._size + 1, (count, 1), generator=generator)
        left = torch.randint(width - self._size + 1, (count, 1), generator=generator)
        side = torch.arange(self._size)
        device = images.device
        rows, columns = (top + side).to(device), (left + side).to(device)
        image = torch.arange(count, device=device)[:, None, None]
        covered = images.clone()
        covered[image, rows[:, :, None], columns[:, None, :]] = self._cover.to(device)
        return covered
