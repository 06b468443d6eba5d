"""Max pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PlainOperator
from poolbench.operators.functional import maximum


class Max(PlainOperator):
    """Maximum of the window: ``max(z)``; ties give the gradient to the first element."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return maximum(x, window=self.window)
