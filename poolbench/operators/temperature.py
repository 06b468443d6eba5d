"""The base of ``lse`` and ``lae``: a temperature, fixed or learned, per layer or per channel."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from poolbench.operators.base import PoolingOperator, learned_size
from poolbench.operators.window import Window


class TemperedOperator(PoolingOperator):
    """An operator with a temperature, stored as its logarithm so that it stays positive.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Channels of the maps; needed when ``learn`` is ``channel``.
        grid: Unused.
        temperature: t, or t0 if it is learned, in the units of the activations, above 0.
        learn: ``none`` (a buffer outside the state dict), ``layer`` or ``channel``.

    Raises:
        BadInput: The channels are missing.
    """

    log_temperature: Tensor

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,
        grid: tuple[int, int] | None = None,  # noqa: ARG002
        temperature: float = 1.0,
        learn: str = "none",
    ) -> None:
        super().__init__(window=window)
        self.learn = learn
        if learn == "none":
            self.keep_constant("log_temperature", math.log(temperature))
        else:
            start = torch.full((learned_size(learn, channels),), math.log(temperature))
            self.log_temperature = nn.Parameter(start)

    def pooling_parameters(self) -> dict[str, Tensor]:
        """Return the temperature, in the units of the activations, if it is learned."""
        return {} if self.learn == "none" else {"temperature": self.log_temperature.detach().exp()}
