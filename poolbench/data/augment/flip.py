"""Random mirroring."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Flip:
    """Mirror left and right, with probability 1/2 for each image.

    Args:
        mean: Unused.
    """

    def __init__(self, *, mean: Sequence[float]) -> None:
        del mean

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the images, about half of them mirrored."""
        count = len(images)
        drawn = torch.randint(2, (count,), generator=generator)
        chosen = drawn.nonzero()[:, 0].to(images.device)
        mirrored = images.index_select(0, chosen).flip(2)
        # Select whole images from both, as runs of bytes: writing the mirrored ones over the others
        # would go element by element, three times as slow.
        index = torch.where(drawn == 1, count - 1 + drawn.cumsum(0), torch.arange(count))
        return torch.cat((images, mirrored)).index_select(0, index.to(images.device))
