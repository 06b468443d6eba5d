"""LogSumExp pooling."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.functional import log_sum_exp
from poolbench.operators.temperature import TemperedOperator


class LogSumExp(TemperedOperator):
    """Smooth maximum from above, an OR over logits: ``t log sum exp(z/t)``.

    References:
        Lowe, Trappenberg, Oore 2021 (arXiv:2111.01742).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return log_sum_exp(x, self.log_temperature, window=self.window)
