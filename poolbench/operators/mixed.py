"""Mixed max-average pooling."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from poolbench.core.errors import BadInput
from poolbench.operators.base import PoolingOperator, learned_size
from poolbench.operators.functional import mixed
from poolbench.operators.window import Window


class Mixed(PoolingOperator):
    """Learned mixture of max and mean: ``a max(z) + (1 - a) mean(z)``.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Channels of the maps; needed when ``learn`` is ``channel``.
        grid: Unused.
        learn: ``layer`` or ``channel``.
        alpha: Initial a; any real number, or in (0, 1) if bounded.
        bounded: Whether ``alpha`` is stored as the logit of a, which keeps a in (0, 1).

    Raises:
        BadInput: ``alpha`` is out of range, or the channels are missing.

    References:
        Lee, Gallagher, Tu 2016 (arXiv:1509.08985).
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,
        grid: tuple[int, int] | None = None,  # noqa: ARG002
        learn: str = "layer",
        alpha: float = 0.5,
        bounded: bool = False,
    ) -> None:
        super().__init__(window=window)
        if bounded and not 0 < alpha < 1:
            raise BadInput(
                f"alpha is {alpha}, but a bounded share cannot start outside (0, 1)",
                "choose alpha between 0 and 1, or bounded: false",
            )
        self.bounded = bounded
        start = math.log(alpha / (1 - alpha)) if bounded else alpha
        self.alpha = nn.Parameter(torch.full((learned_size(learn, channels),), float(start)))

    def share(self) -> Tensor:
        """Return a, the share of the max: ``(1,)`` or ``(C,)``."""
        return self.alpha.sigmoid() if self.bounded else self.alpha

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return mixed(x, self.share(), window=self.window)

    def pooling_parameters(self) -> dict[str, Tensor]:
        """Return the share of the max."""
        return {"alpha": self.share().detach().clone()}
