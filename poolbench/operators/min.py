"""Minimum pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PoolingOperator
from poolbench.operators.order_statistics import minimum
from poolbench.operators.window import Window


class Minimum(PoolingOperator):
    """Minimum of the window: ``min(z)``; ties give the gradient to the first.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Not needed.
        grid: Not needed.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,  # noqa: ARG002
        grid: tuple[int, int] | None = None,  # noqa: ARG002
    ) -> None:
        super().__init__(window=window)

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return minimum(x, window=self.window)
