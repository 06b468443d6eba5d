"""One hidden layer of ReLUs, pooled in groups: the fully connected network of the theory."""

from __future__ import annotations

import math

from torch import Tensor, nn

from poolbench.core.errors import BadInput
from poolbench.models.api import PoolFactory
from poolbench.models.pooled_classifier import PooledClassifier


class GroupedUnits(nn.Module):
    """``r(W x)`` with its units in consecutive groups, ``(N, groups, 1, group_size)``.

    Args:
        inputs: Values per image.
        width: Hidden units.
        group_size: Units per group; divides ``width``.
    """

    def __init__(self, inputs: int, *, width: int, group_size: int) -> None:
        super().__init__()
        self.shape = (width // group_size, 1, group_size)
        self.hidden = nn.Linear(inputs, width, bias=False)
        nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Return the units as maps with one channel per group, for ``(N, C, H, W)``."""
        return self.hidden(x.flatten(1)).relu().unflatten(1, self.shape)


def shallow_fcn(
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
    width: int = 1000,
    group_size: int = 50,
) -> PooledClassifier:
    """Build the fully connected network whose hidden units are pooled in groups, without bias.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of every image, in pixels; the weights fit only this size.
        pool: Fills ``head``, which pools each group.
        width: Hidden units.
        group_size: Units pooled together; divides ``width``.

    Raises:
        BadInput: The groups do not divide the units.

    References:
        Contraction property of pooling layer, section 3: width 1000, one-dimensional pools of 50.
    """
    if width % group_size:
        raise BadInput(
            f"shallow-fcn: groups of {group_size} do not divide {width} units",
            "choose a width that is a multiple of group_size",
        )
    return PooledClassifier(
        GroupedUnits(in_channels * math.prod(image_size), width=width, group_size=group_size),
        channels=width // group_size,
        grid=(1, group_size),
        num_classes=num_classes,
        pool=pool,
        bias=False,
    )
