"""LogAvgExp pooling with a temperature that depends on the window."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from poolbench.operators.base import learned_size
from poolbench.operators.elements import (
    as_output,
    check_maps,
    count_elements,
    distances_from_peak,
    gather_elements,
    without_autocast,
)
from poolbench.operators.kernels.eager import HIGH_TEMPERATURE
from poolbench.operators.recording import is_readable
from poolbench.operators.temperature import TemperedOperator
from poolbench.operators.window import Window


class ContextualLogAvgExp(TemperedOperator):
    """LogAvgExp with a temperature for each window: ``t = t0 (1 + var(z)/t0^2)^(w/2)``.

    The paper suggests a temperature "determined from the activations within the pooling kernel"
    without defining it; this definition is ours. t0 and w are learned. w starts at 0, which gives
    ``lae``; at w = 1, ``t^2 = t0^2 + var(z)``. The properties of ``lae`` hold: the result lies
    between mean and max, shifts with z, and scales with (z, t0).

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Channels of the maps; needed when ``learn`` is ``channel``.
        grid: Unused.
        temperature: Initial t0, in the units of the activations, above 0.
        learn: ``layer`` or ``channel``.

    Raises:
        BadInput: The temperature is not positive and finite, or the channels are missing.

    References:
        Lowe, Trappenberg, Oore 2021 (arXiv:2111.01742).
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,
        grid: tuple[int, int] | None = None,  # noqa: ARG002
        temperature: float = 1.0,
        learn: str = "layer",
    ) -> None:
        super().__init__(window=window, channels=channels, temperature=temperature, learn=learn)
        self.context_weight = nn.Parameter(torch.zeros(learned_size(learn, channels)))

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return contextual_log_avg_exp(
            x, self.log_temperature, self.context_weight, window=self.window
        )

    def pooling_parameters(self) -> dict[str, Tensor]:
        """Return t0, in the units of the activations, and w."""
        return {
            "temperature": self.log_temperature.detach().exp(),
            "context_weight": self.context_weight.detach().clone(),
        }


def contextual_log_avg_exp(
    x: Tensor, log_temperature: Tensor, context_weight: Tensor, *, window: Window | None = None
) -> Tensor:
    """Return ``t (log sum exp(z/t) - log n)`` with ``t = t0 (1 + var(z)/t0^2)^(w/2)``.

    var is the mean squared distance from the mean. Elements of -inf count in n but not in var, and
    have no weight, as have all others beside +inf; a window of only -inf gives -inf.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        log_temperature: log t0, ``(1,)`` or ``(C,)``, t0 in the units of x.
        context_weight: w, ``(1,)`` or ``(C,)``.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: in float64 whatever the dtype of x, on distances from the maximum. It uses the
    variance because a standard deviation has no gradient in a constant window.
    """
    check_maps(x, window)
    with without_autocast(x):
        elements = gather_elements(x.double(), window, padding=-torch.inf)
        peak, gaps, is_present = distances_from_peak(elements)
        is_alive = peak != -torch.inf

        present = is_present.sum(-1, keepdim=True)
        divisor = present.clamp(min=1)
        mean = gaps.sum(-1, keepdim=True) / divisor
        variance = (gaps - mean).where(is_present, 0.0).square().sum(-1, keepdim=True) / divisor
        base = log_temperature.double().view(1, -1, 1, 1, 1)
        weight = context_weight.double().view(1, -1, 1, 1, 1)
        context = (variance * (-2 * base).exp()).log1p()
        temperature = (base + 0.5 * weight * context).exp()

        scaled, count = gaps / temperature, count_elements(x, window)
        powers = scaled.exp().where(is_present, 0.0)
        share = powers.sum(-1, keepdim=True).where(is_alive, 1.0) / count
        logarithm = share.log()
        if not is_readable(temperature) or (temperature > HIGH_TEMPERATURE).any():
            # Powers are near 1: what counts are the digits of the difference.
            rises = scaled.expm1().where(is_present, 0.0).sum(-1, keepdim=True)
            excess = ((rises + (present - count)) / count).where(is_alive & (share > 0.5), 0.0)
            logarithm = excess.log1p().where(share > 0.5, logarithm)
        pooled = (peak + temperature * logarithm).where(is_alive, -torch.inf)
        return as_output(pooled.squeeze(-1), x, window)
