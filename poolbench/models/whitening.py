"""A fixed convolution that whitens the patches of the training images."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WHITENING_IMAGES = 10_000
"""So many training images estimate the covariance, as in Page 2018."""

# Page's too: eigenvalues below it are hardly amplified.
_EPSILON = 1e-2
_CHUNK = 100


class WhiteningConvolution(nn.Conv2d):
    """``V / sqrt(L + 0.01)``: the eigenvectors V of the patches' covariance, L its eigenvalues.

    Its weights take no gradient. Until :meth:`fit` they are those of any other convolution: a
    network is built without data.

    Args:
        in_channels: Channels of the images.
        out_channels: Number of filters; those beyond the length of a patch stay random.
        kernel_size: Side of the patches, odd; the map keeps its size.

    References:
        Page 2018, How to train your ResNet 8: bag of tricks.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False
        )
        self.weight.requires_grad_(False)

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Set the filters to those that whiten the patches of images, largest eigenvalue first.

        Args:
            images: Normalised training images ``(N, C, H, W)``; the first 10,000 are used.

        Numerics:
            Computed in float64 on the CPU, so that a device does not matter. An eigenvector's
            largest element is positive: its sign would depend on the library.
        """
        values, vectors = torch.linalg.eigh(self._covariance(images))
        largest = vectors.abs().argmax(0)
        signs = vectors[largest, torch.arange(len(values))].sign()
        filters = (vectors * signs / (values + _EPSILON).sqrt()).T.flip(0)
        count = min(len(filters), self.out_channels)
        self.weight[:count] = filters[:count].view(count, *self.weight.shape[1:]).to(self.weight)

    def _covariance(self, images: Tensor) -> Tensor:
        """Return the covariance of all patches within the images, ``(K, K)`` with K = C k k."""
        size = self.weight[0].numel()
        total, squares = torch.zeros(size, dtype=torch.float64), torch.zeros(size, size).double()
        count = 0
        for chunk in torch.split(images[:WHITENING_IMAGES], _CHUNK):
            columns = nn.functional.unfold(chunk.cpu().double(), self.kernel_size)
            patches = columns.movedim(1, 0).reshape(size, -1)
            total += patches.sum(1)
            squares += patches @ patches.T
            count += patches.shape[1]
        mean = total / count
        return (squares - count * torch.outer(mean, mean)) / (count - 1)
