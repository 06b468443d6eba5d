"""The interface between networks and operators: a factory that fills pooling sites."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from torch import nn

from poolbench.models.found_pools import FoundPool
from poolbench.models.pool_geometry import Pair


class PoolFactory(Protocol):
    """Builds the operator of a variant at a site; networks do not refer to operators themselves."""

    def __call__(
        self,
        site: str,
        *,
        channels: int,
        grid: Pair,
        kernel_size: int | Pair | None = None,
        stride: int | Pair | None = None,
        padding: int | Pair = 0,
        ceil_mode: bool = False,
    ) -> nn.Module:
        """Return the operator for one pooling layer.

        Args:
            site: Name of the site, as the catalogue lists it.
            channels: Channels of the map that is pooled.
            grid: (H, W) of that map for training images, in pixels.
            kernel_size: Side of the window, in pixels; ``None`` pools the whole map.
            stride: Step between windows, in pixels.
            padding: Implicit border, in pixels; it is never an element.
            ceil_mode: Whether the last window may extend beyond the far edge.
        """
        ...

    def is_strided(self, site: str) -> bool:
        """Return whether the convolution next to the site takes the pool's stride.

        A network that has such a convolution then does not ask for an operator there.
        """
        ...

    def sites_among(self, found: Sequence[FoundPool]) -> Collection[str]:
        """Return what to fill in a network whose pools were found: groups of them, and paths.

        Args:
            found: All pools of the network.
        """
        ...
