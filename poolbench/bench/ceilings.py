"""Work that shows the most a device can do: copies, matrix products, convolutions alone."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from poolbench.core.cell import Precision
from poolbench.training.arithmetic import arithmetic

Work = Callable[[], None]

# (channels, side): 3x3 convolutions that keep both, from wide maps to deep ones.
_CONVOLUTIONS = ((64, 32), (128, 16), (256, 8), (512, 8))


def convolutions(batch_size: int, precision: Precision, device: torch.device) -> dict[str, Work]:
    """Return the forward passes of some 3x3 convolutions, channels last, by name."""
    return {
        f"3x3 convolution {channels} at {side}x{side}, forward": _convolution(
            channels, side, batch_size, precision, device
        )
        for channels, side in _CONVOLUTIONS
    }


def _convolution(
    channels: int, side: int, batch_size: int, precision: Precision, device: torch.device
) -> Work:
    images, weights = (
        _random(shape, precision, device).contiguous(memory_format=torch.channels_last)
        for shape in ((batch_size, channels, side, side), (channels, channels, 3, 3))
    )

    @torch.no_grad()
    def run() -> None:
        with arithmetic(device, precision):
            F.conv2d(images, weights, padding=1)

    return run


def matrix_product(side: int, precision: Precision, device: torch.device) -> Work:
    """Return the product of two square matrices of random numbers."""
    one, other = (_random((side, side), precision, device) for _ in range(2))

    @torch.no_grad()
    def run() -> None:
        with arithmetic(device, precision):
            one @ other

    return run


def copy(size_bytes: int, device: torch.device) -> Work:
    """Return a copy of ``size_bytes`` within a device's memory."""
    source = torch.zeros(size_bytes // 4, device=device)
    target = torch.empty_like(source)

    def run() -> None:
        target.copy_(source)

    return run


def flops_of(run: Work) -> int:
    """Return the operations of a work's convolutions and matrix products, counted by torch."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def _random(shape: tuple[int, ...], precision: Precision, device: torch.device) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(shape, generator=generator)
    return drawn.to(device, torch.bfloat16 if precision == "bf16" else torch.float32)
