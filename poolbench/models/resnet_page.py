"""The fast residual network of the max-pooling experiments, with a pool in each layer."""

from __future__ import annotations

from torch import Tensor, nn

from poolbench.core.errors import BadInput
from poolbench.models.api import PoolFactory
from poolbench.models.ghost_norm import GhostBatchNorm
from poolbench.models.whitening import WhiteningConvolution

_PATCH_CHANNELS = 27
_WIDTHS = (64, 128, 256, 512)
_CELU_ALPHA = 0.075
_HEAD_SIDE = 4


class ResidualBranch(nn.Module):
    """``x + CELU(BN(conv3(x)))``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            GhostBatchNorm(channels),
            nn.CELU(_CELU_ALPHA),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the map with the branch added, ``(N, C, H, W)``."""
        return x + self.residual(x)


class ResNetPage(nn.Module):
    """Page's residual network: 4,666,265 parameters with max pooling.

    729 of them are the whitening convolution's, which training fits to the images and leaves fixed.

    Args:
        in_channels: 3 as published.
        num_classes: 10 as published.
        image_size: (32, 32) as published; others of at least 32 change the classifier.
        pool: Fills ``pool1``, ``pool2``, ``pool3`` and, with a window of 4, ``head``. If a site
            is strided, the convolution before it takes the stride; the head has none, and gets a
            1x1 convolution of stride 4.

    Raises:
        BadInput: The images are smaller than 32 x 32.

    References:
        Page 2018, How to train your ResNet 8: bag of tricks.
    """

    def __init__(
        self, *, in_channels: int, num_classes: int, image_size: tuple[int, int], pool: PoolFactory
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            WhiteningConvolution(in_channels, _PATCH_CHANNELS, 3),
            nn.Conv2d(_PATCH_CHANNELS, _WIDTHS[0], 3, padding=1, bias=False),
            GhostBatchNorm(_WIDTHS[0]),
            nn.CELU(_CELU_ALPHA),
        ]
        channels, grid = _WIDTHS[0], image_size
        for index, width in enumerate(_WIDTHS[1:], start=1):
            layers += _downsampling(channels, width, site=f"pool{index}", grid=grid, pool=pool)
            layers += [GhostBatchNorm(width), nn.CELU(_CELU_ALPHA), ResidualBranch(width)]
            channels, grid = width, (grid[0] // 2, grid[1] // 2)
        self.features = nn.Sequential(*layers)
        self.head: nn.Module = (
            nn.Conv2d(channels, channels, 1, stride=_HEAD_SIDE)
            if pool.is_strided("head")
            else pool(
                "head", channels=channels, grid=grid, kernel_size=_HEAD_SIDE, stride=_HEAD_SIDE
            )
        )
        windows = (grid[0] // _HEAD_SIDE) * (grid[1] // _HEAD_SIDE)
        if windows == 0:
            raise BadInput(
                f"resnet-page: images of {image_size[0]} x {image_size[1]} are too small",
                "choose images of at least 32 x 32",
            )
        self.classifier = nn.Linear(channels * windows, num_classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(N, num_classes)`` for normalised images ``(N, C, H, W)``."""
        return self.classifier(self.head(self.features(x)).flatten(1))


def _downsampling(
    channels: int, width: int, *, site: str, grid: tuple[int, int], pool: PoolFactory
) -> list[nn.Module]:
    stride = 2 if pool.is_strided(site) else 1
    convolution = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
    if stride == 2:
        return [convolution]
    return [convolution, pool(site, channels=width, grid=grid, kernel_size=2, stride=2)]
