"""Median pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PlainOperator
from poolbench.operators.order_statistics import quantile


class Median(PlainOperator):
    """Median of the window, for even n the midpoint of the middle two: ``median(z)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return quantile(x, 0.5, window=self.window)
