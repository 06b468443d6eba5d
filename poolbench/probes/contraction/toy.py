"""A pair of images that average pooling separates fully or not at all, by one parameter."""

from __future__ import annotations

import torch
from torch import Tensor

from poolbench.core.errors import BadInput


def toy_pair(*, kappa: int, size_px: int = 50) -> Tensor:
    """Return an image and its negative, of shape ``(2, 1, size_px, size_px)``.

    The first is +1 in two squares of side ``kappa``, at both ends of the diagonal, and -1
    elsewhere. Over the two images the mean is exactly 0 and the standard deviation exactly 1.

    Args:
        kappa: Side of the squares, in pixels; at most half of ``size_px``.
        size_px: Side of the images, in pixels.

    Raises:
        BadInput: The squares overlap.

    References:
        Contraction property of pooling layer, table 2. The matrices printed there are damaged.
    """
    if 2 * kappa > size_px:
        raise BadInput(
            f"toy-pair: two squares of side {kappa} do not fit the diagonal of {size_px} pixels",
            "choose kappa up to half of size_px",
        )
    image = torch.full((1, size_px, size_px), -1.0)
    image[:, :kappa, :kappa] = 1.0
    image[:, -kappa:, -kappa:] = 1.0
    return torch.stack([image, -image])
