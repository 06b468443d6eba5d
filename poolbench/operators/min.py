"""Minimum pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PlainOperator
from poolbench.operators.order_statistics import minimum


class Minimum(PlainOperator):
    """Minimum of the window: ``min(z)``; ties give the gradient to the first."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return minimum(x, window=self.window)
