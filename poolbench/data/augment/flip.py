"""Random mirroring."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Flip:
    """Mirror left and right, with probability 1/2 for each image.

    Args:
        mean: Not needed.
    """

    def __init__(self, *, mean: Sequence[float]) -> None:
        del mean

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the images, about half of them mirrored."""
        drawn = torch.randint(2, (len(images),), generator=generator)
        chosen = drawn.nonzero()[:, 0].to(images.device)
        flipped = images.clone()
        flipped[chosen] = images.index_select(0, chosen).flip(2)
        return flipped
