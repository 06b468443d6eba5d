"""The even mixture of mean and maximum."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.base import PoolingOperator
from poolbench.operators.functional import mixed
from poolbench.operators.window import Window


class AverageMax(PoolingOperator):
    """Half of the mean and half of the maximum: ``(mean(z) + max(z)) / 2``.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Not needed.
        grid: Not needed.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,  # noqa: ARG002
        grid: tuple[int, int] | None = None,  # noqa: ARG002
    ) -> None:
        super().__init__(window=window)

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return mixed(x, x.new_full((1,), 0.5), window=self.window)
