"""LogAvgExp in a chosen precision, to measure the effect of formula and dtype."""

from __future__ import annotations

import torch
from torch import Tensor

from poolbench.operators.elements import (
    as_output,
    check_maps,
    count_elements,
    gather_elements,
    without_autocast,
)
from poolbench.operators.functional import log_avg_exp
from poolbench.operators.temperature import TemperedOperator
from poolbench.operators.window import Window

_DTYPES = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}


class PreciseLogAvgExp(TemperedOperator):
    """LogAvgExp, ``t (log sum exp(z/t) - log n)``, by either formula on maps of a given dtype.

    The result has the dtype of the input maps, whatever it was computed in.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Channels of the maps; needed when ``learn`` is ``channel``.
        grid: Unused.
        temperature: t, or t0 if it is learned, in the units of the activations, above 0.
        learn: ``none``, ``layer`` or ``channel``.
        dtype: Dtype the maps are first rounded to: ``float16``, ``float32`` or ``float64``.
        formula: ``textbook`` computes every step in that dtype; ``stable`` is ``lae``.

    Raises:
        BadInput: The channels are missing.

    References:
        Lowe, Trappenberg, Oore 2021 (arXiv:2111.01742), figure 7.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,
        grid: tuple[int, int] | None = None,  # noqa: ARG002
        temperature: float = 1.0,
        learn: str = "none",
        dtype: str = "float32",
        formula: str = "textbook",
    ) -> None:
        super().__init__(window=window, channels=channels, temperature=temperature, learn=learn)
        self.dtype, self.formula = dtype, formula

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        pool = textbook_log_avg_exp if self.formula == "textbook" else log_avg_exp
        rounded = x.to(_DTYPES[self.dtype])
        return pool(rounded, self.log_temperature, window=self.window).to(x.dtype)


def textbook_log_avg_exp(
    x: Tensor, log_temperature: Tensor, *, window: Window | None = None
) -> Tensor:
    """Return ``t (log sum exp(z/t) - log n)`` literally, every step in the dtype of x.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        log_temperature: log t, ``(1,)`` or ``(C,)``, t in the units of x.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: the logarithm is shifted by the maximum, so nothing overflows, but log sum exp is
    close to log n for large t: its rounding error, times t, is the error of the value. At n = 64
    that is at most t/512 in float16: 0.25 at t = 128, 2 at t = 1024.
    """
    check_maps(x, window)
    with without_autocast(x):
        elements = gather_elements(x, window, padding=-torch.inf)
        is_present = elements != -torch.inf
        temperature = log_temperature.exp().to(x.dtype).view(1, -1, 1, 1)
        # -inf / t has no gradient for t; it is replaced by 0 and put back afterwards.
        scaled = elements.where(is_present, 0.0) / temperature.unsqueeze(-1)
        logarithm = scaled.where(is_present, -torch.inf).logsumexp(-1)
        log_count = count_elements(x, window).log().to(x.dtype).squeeze(-1)
        return as_output(temperature * (logarithm - log_count), x, window)
