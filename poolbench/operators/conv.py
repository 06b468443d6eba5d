"""A convolution instead of a pool."""

from __future__ import annotations

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from poolbench.core.errors import BadInput
from poolbench.operators.base import PoolingOperator, require_channels
from poolbench.operators.window import Window


class Convolution(PoolingOperator):
    """Convolution with as many outputs as inputs, a bias, and the output size of the pool.

    Args:
        window: Geometry of the pool it replaces.
        channels: Channels of the maps.
        grid: Unused.
        kernel: ``same`` keeps the pool's kernel and padding; ``one`` uses kernel 1 with the pool's
            stride, without padding.

    Raises:
        BadInput: The window or the channels are missing.

    References:
        Springenberg et al. 2015 (arXiv:1412.6806).
    """

    has_ordinary_weights: ClassVar[bool] = True

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,
        grid: tuple[int, int] | None = None,  # noqa: ARG002
        kernel: str = "same",
    ) -> None:
        super().__init__(window=window)
        if window is None:
            raise BadInput("conv cannot pool a whole map of any size", "pass kernel_size=...")
        self.kernel = kernel
        self.geometry = window
        width = require_channels(channels, "conv")
        if kernel == "same":
            side, padding = window.kernel_size, window.padding
        else:
            side, padding = (1, 1), (0, 0)
        self.convolution = nn.Conv2d(width, width, side, stride=window.stride, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, H', W')`` for maps of shape ``(N, C, H, W)``.

        Raises:
            ValueError: The window does not fit the map, or ``kernel: one`` cannot reach the
                pool's output size without its padding.
        """
        size = (x.shape[2], x.shape[3])
        outputs = self.geometry.output_size(size)
        if self.kernel == "same":
            # Only with ceil_mode can a window overhang: the convolution pads the rest itself.
            bottom, right = self.geometry.overhang(size)
            overhung = F.pad(x, (0, right, 0, bottom)) if bottom or right else x
            return self.convolution(overhung)
        rows, columns = (
            (count - 1) * step + 1
            for count, step in zip(outputs, self.geometry.stride, strict=True)
        )
        if rows > size[0] or columns > size[1]:
            raise ValueError(
                f"kernel 1 gives fewer outputs than {outputs} on a map of {size} "
                f"at stride {self.geometry.stride}: the pool's padding reaches further"
            )
        return self.convolution(x[:, :, :rows, :columns])
