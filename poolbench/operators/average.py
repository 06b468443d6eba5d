"""Average pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PlainOperator
from poolbench.operators.functional import average


class Average(PlainOperator):
    """Mean of the window: ``mean(z)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return average(x, window=self.window)
