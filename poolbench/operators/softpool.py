"""SoftPool: the mean of the elements, each weighted by its softmax."""

from __future__ import annotations

import torch
from torch import Tensor

from poolbench.operators.elements import (
    as_output,
    check_maps,
    gather_elements,
    without_autocast,
)
from poolbench.operators.temperature import TemperedOperator
from poolbench.operators.window import Window


class SoftPool(TemperedOperator):
    """Softmax-weighted mean: ``sum softmax(z/t) z``.

    References:
        Stergiou, Poppe, Kalliatakis 2021 (arXiv:2101.00440).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return softmax_mean(x, self.log_temperature, window=self.window)


def softmax_mean(x: Tensor, log_temperature: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the softmax-weighted mean of each window: ``sum softmax(z/t) z``.

    ``mean(z) <= y <= max(z)``; y -> max as t -> 0+, -> mean as t -> inf; dy/dlog t is minus the
    weighted variance over t. Unlike ``lae``, the least elements have a negative gradient.
    Elements of -inf weigh nothing; a window of nothing else gives -inf.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        log_temperature: log t, ``(1,)`` or ``(C,)``, t in the units of x.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: in float64 whatever the dtype of x, and on distances from the maximum, so that
    neither a large t nor a large common offset costs digits of the gradient of log t.
    """
    check_maps(x, window)
    with without_autocast(x):
        elements = gather_elements(x.double(), window, padding=-torch.inf)
        is_present = elements != -torch.inf
        # The result does not depend on the shift, so no gradient has to flow through it.
        peak = elements.detach().amax(-1, keepdim=True)
        is_alive = peak != -torch.inf
        peak = peak.where(is_alive, 0.0)
        gaps = (elements - peak).where(is_present, 0.0)
        temperature = log_temperature.double().exp().view(1, -1, 1, 1, 1)
        powers = (gaps / temperature).exp().where(is_present, 0.0)
        total = powers.sum(-1, keepdim=True).where(is_alive, 1.0)
        pooled = peak + (powers * gaps).sum(-1, keepdim=True) / total
        return as_output(pooled.where(is_alive, -torch.inf).squeeze(-1), x, window)
