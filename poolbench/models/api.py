"""What a network needs from outside: a factory that fills its pooling sites."""

from __future__ import annotations

from typing import Protocol

from torch import nn


class PoolFactory(Protocol):
    """Builds the operator that a variant puts at a site; networks know no operator themselves."""

    def __call__(
        self,
        site: str,
        *,
        channels: int,
        grid: tuple[int, int],
        kernel_size: int | None = None,
        stride: int | None = None,
        padding: int = 0,
    ) -> nn.Module:
        """Return the operator for one place.

        Args:
            site: Name of the site, as the catalogue lists it.
            channels: Channels of the map that is pooled.
            grid: (H, W) of that map for training images, in pixels.
            kernel_size: Side of the window, in pixels; ``None`` pools the whole map.
            stride: Step between windows, in pixels.
            padding: Implicit border, in pixels; never an element.
        """
        ...
