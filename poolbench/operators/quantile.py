"""Quantile pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PoolingOperator
from poolbench.operators.order_statistics import quantile
from poolbench.operators.window import Window


class Quantile(PoolingOperator):
    """Quantile of the window, linear between neighbours in rank.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Unused.
        grid: Unused.
        q: Level, from 0 (minimum) to 1 (maximum).

    References:
        Definition 7 of Hyndman, Fan 1996.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,  # noqa: ARG002
        grid: tuple[int, int] | None = None,  # noqa: ARG002
        q: float = 0.75,
    ) -> None:
        super().__init__(window=window)
        self.q = q

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return quantile(x, self.q, window=self.window)
