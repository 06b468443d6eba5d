"""The wrapper of every network: pixels in, logits out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from poolbench.models.whitening import WHITENING_IMAGES, WhiteningConvolution


class Network(nn.Module):
    """Normalise pixels and classify them.

    Normalisation is part of the network, so that attacks and resizing work on pixels in [0, 1].

    Args:
        body: From normalised images ``(N, C, H, W)`` to logits ``(N, num_classes)``.
        mean: Mean of the training pixels, one value per channel, in [0, 1].
        std: Standard deviation of the training pixels, one value per channel; 1 for a constant one.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, body: nn.Module, *, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        scale = torch.tensor([value if value > 0 else 1.0 for value in std])
        self.register_buffer("std", scale.view(1, -1, 1, 1))

    @property
    def has_whitening(self) -> bool:
        """Whether there are whitening convolutions that act on the images."""
        return any(isinstance(module, WhiteningConvolution) for module in self.modules())

    def fit_whitening(self, images: Tensor) -> None:
        """Fit the whitening convolutions that act on the images, if there are any.

        Args:
            images: Training images ``(N, H, W, C)`` as bytes.
        """
        for module in self.modules():
            if isinstance(module, WhiteningConvolution):
                pixels = images[:WHITENING_IMAGES].cpu().permute(0, 3, 1, 2) / 255
                module.fit((pixels - self.mean.cpu()) / self.std.cpu())

    def forward(self, images: Tensor) -> Tensor:
        """Return logits ``(N, num_classes)`` for pixels in [0, 1] of shape ``(N, C, H, W)``."""
        # In place: a second tensor as large as the images would cost more than the division.
        return self.body((images - self.mean).div_(self.std))


def count_parameters(network: nn.Module) -> int:
    """Return the number of parameters, fixed ones too: sources count a whitening layer's."""
    return sum(p.numel() for p in network.parameters())
