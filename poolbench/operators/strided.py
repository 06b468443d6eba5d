"""No pool at all: the stride alone."""

from __future__ import annotations

import torch
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.operators.base import PoolingOperator
from poolbench.operators.layout import formatted_like
from poolbench.operators.window import Window


class Strided(PoolingOperator):
    """Keep one element of each window, as a stride in the convolution next to it would.

    ``y_ij = x_(i s, j s)``, or the last element of the map if a window begins beyond it.
    Networks with such a convolution at a site give it the stride and build no pool, which
    costs less and has the same values; elsewhere this operator is used.

    Args:
        window: Geometry of the pool it replaces.
        channels: Unused.
        grid: Unused.

    Raises:
        BadInput: The window is missing.

    References:
        Springenberg et al. 2015 (arXiv:1412.6806).
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,  # noqa: ARG002
        grid: tuple[int, int] | None = None,  # noqa: ARG002
    ) -> None:
        super().__init__(window=window)
        if window is None:
            raise BadInput("strided has no stride for a whole map", "pass kernel_size=...")
        self.geometry = window

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, H', W')`` for maps of shape ``(N, C, H, W)``."""
        size = (x.shape[2], x.shape[3])
        rows, columns = (
            (torch.arange(outputs, device=x.device) * step).clamp(max=extent - 1)
            for outputs, step, extent in zip(
                self.geometry.output_size(size), self.geometry.stride, size, strict=True
            )
        )
        return formatted_like(x, x.index_select(2, rows).index_select(3, columns))
