"""Noise on a residual branch, with different factors forward and backward."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ShakeDrop(nn.Module):
    """Scale a branch by ``b + (1 - b) alpha`` forward and by ``b + (1 - b) beta`` backward.

    One ``b ~ Bernoulli(survival)`` is drawn per batch, ``alpha ~ U(-1, 1)`` and
    ``beta ~ U(0, 1)`` per image. In evaluation the branch is scaled by the expectation of
    the forward factor, which is ``survival``, because that of ``alpha`` is 0.

    Args:
        survival: Probability in [0, 1] that the branch is unchanged.

    References:
        Yamada et al. 2019 (arXiv:1802.02375).
    """

    def __init__(self, survival: float) -> None:
        super().__init__()
        self.survival = survival

    def forward(self, x: Tensor) -> Tensor:
        """Return the scaled branch, ``(N, C, H, W)``."""
        if not self.training:
            return self.survival * x
        # A Python branch on b would wait for the device at every block.
        kept = (torch.rand(1, 1, 1, 1, device=x.device) < self.survival).to(x.dtype)
        alpha, beta = torch.rand(2, x.shape[0], 1, 1, 1, device=x.device, dtype=x.dtype)
        forward = kept + (1 - kept) * (2 * alpha - 1)
        shaken = x * (kept + (1 - kept) * beta)
        return shaken + (x * forward - shaken).detach()

    def extra_repr(self) -> str:
        """Return the probability for ``repr``."""
        return f"survival={self.survival:.4g}"
