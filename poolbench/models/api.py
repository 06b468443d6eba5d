"""The interface between networks and operators: a factory that fills pooling sites."""

from __future__ import annotations

from typing import Protocol

from torch import nn


class PoolFactory(Protocol):
    """Builds the operator of a variant at a site; networks do not refer to operators themselves."""

    def __call__(
        self,
        site: str,
        *,
        channels: int,
        grid: tuple[int, int],
        kernel_size: int | None = None,
        stride: int | None = None,
        padding: int = 0,
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
