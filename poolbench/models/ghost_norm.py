"""Batch normalisation over small groups of a large batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_MOMENTUM = 0.1
_EPSILON = 1e-5


class GhostBatchNorm(nn.Module):
    """Normalise each group of a batch by its own mean and variance, without scale or shift.

    A batch of N images is split into ``max(1, N // group_size)`` groups of nearly equal size. The
    running statistics for evaluation have a momentum of ``0.1`` per batch, shared among its groups.

    Args:
        channels: Channels of the maps.
        group_size: Images per group, at least 1.

    References:
        Hoffer et al. 2017 (arXiv:1705.08741); Page 2018, How to train your ResNet 8.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, *, group_size: int = 32) -> None:
        super().__init__()
        self.group_size = group_size
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised maps, ``(N, C, H, W)``."""
        if not self.training:
            return F.batch_norm(x, self.running_mean, self.running_var, eps=_EPSILON)
        groups = max(1, x.shape[0] // self.group_size)
        size, larger = divmod(x.shape[0], groups)
        sizes = [size + 1] * larger + [size] * (groups - larger)
        normalised = [
            F.batch_norm(
                group,
                self.running_mean,
                self.running_var,
                training=True,
                momentum=_MOMENTUM / groups,
                eps=_EPSILON,
            )
            # Its gradient is one cat; tensor_split's fills a batch of zeros for each group.
            for group in x.split_with_sizes(sizes)
        ]
        return normalised[0] if groups == 1 else torch.cat(normalised)

    def extra_repr(self) -> str:
        """Return the group size for ``repr``."""
        return f"{self.running_mean.numel()}, group_size={self.group_size}"
