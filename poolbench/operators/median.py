"""Median pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PoolingOperator
from poolbench.operators.order_statistics import quantile
from poolbench.operators.window import Window


class Median(PoolingOperator):
    """Median of the window, for even n the midpoint of the middle two: ``median(z)``.

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
        return quantile(x, 0.5, window=self.window)
