"""The structure most networks share: features, one global pool, one linear layer."""

from __future__ import annotations

from torch import Tensor, nn

from poolbench.models.api import PoolFactory


class PooledClassifier(nn.Module):
    """Classify features pooled at the site ``head``.

    Args:
        features: From images ``(N, in_channels, H, W)`` to maps ``(N, channels, H', W')``.
        channels: Channels of the maps.
        grid: (H', W') for training images, in pixels.
        num_classes: Width of the logits.
        pool: Fills ``head``.
        bias: Whether the linear layer has a bias.
    """

    def __init__(
        self,
        features: nn.Module,
        *,
        channels: int,
        grid: tuple[int, int],
        num_classes: int,
        pool: PoolFactory,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.features = features
        self.head = pool("head", channels=channels, grid=grid)
        self.classifier = nn.Linear(channels, num_classes, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(N, num_classes)`` for normalised images ``(N, C, H, W)``."""
        return self.classifier(self.head(self.features(x)))
