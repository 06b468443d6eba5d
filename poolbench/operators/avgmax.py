"""The even mixture of mean and maximum."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PlainOperator
from poolbench.operators.functional import mixed


class AverageMax(PlainOperator):
    """Half of the mean and half of the maximum: ``(mean(z) + max(z)) / 2``."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return mixed(x, x.new_full((1,), 0.5), window=self.window)
