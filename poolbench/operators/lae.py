"""LogAvgExp pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.functional import log_avg_exp
from poolbench.operators.temperature import TemperedOperator


class LogAvgExp(TemperedOperator):
    """Smooth maximum between mean and max: ``t (log sum exp(z/t) - log n)``.

    References:
        Lowe, Trappenberg, Oore 2021 (arXiv:2111.01742).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return log_avg_exp(x, self.log_temperature, window=self.window)
