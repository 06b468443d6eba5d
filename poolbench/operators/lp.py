"""Lp pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.exponent import PowerOperator
from poolbench.operators.powers import lp_norm


class LpNorm(PowerOperator):
    """Norm of the window: ``(sum |z|^p)^(1/p)``.

    References:
        Sermanet, Chintala, LeCun 2012 (arXiv:1204.3968).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return lp_norm(x, self.log_p, window=self.window)
