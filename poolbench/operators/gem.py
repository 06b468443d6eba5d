"""Generalised-mean pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.exponent import PowerOperator
from poolbench.operators.powers import generalized_mean


class GeneralizedMean(PowerOperator):
    """Mean of p-th powers: ``(mean(max(z, eps)^p))^(1/p)``, eps = 1e-6.

    References:
        Radenovic, Tolias, Chum 2019 (arXiv:1711.02512).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return generalized_mean(x, self.log_p, window=self.window)
