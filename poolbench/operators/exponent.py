"""The base of ``gem`` and ``lp``: an exponent, fixed or learned, for the layer or per channel."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from poolbench.operators.base import PoolingOperator, learned_size
from poolbench.operators.window import Window


class PowerOperator(PoolingOperator):
    """An operator with an exponent, stored as its logarithm so that it stays positive.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Channels of the maps; needed when ``learn`` is ``channel``.
        grid: Unused.
        p: The exponent, or its initial value if it is learned, above 0.
        learn: ``none`` (a buffer outside the state dict), ``layer`` or ``channel``.

    Raises:
        BadInput: The channels are missing.
    """

    log_p: Tensor

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,
        grid: tuple[int, int] | None = None,  # noqa: ARG002
        p: float = 3.0,
        learn: str = "none",
    ) -> None:
        super().__init__(window=window)
        self.learn = learn
        if learn == "none":
            self.keep_constant("log_p", math.log(p))
        else:
            self.log_p = nn.Parameter(torch.full((learned_size(learn, channels),), math.log(p)))

    def pooling_parameters(self) -> dict[str, Tensor]:
        """Return the exponent, if it is learned."""
        return {} if self.learn == "none" else {"p": self.log_p.detach().exp()}
