"""The XResNet with Mish and self-attention of the Imagenette and Imagewoof experiments."""

from __future__ import annotations

from typing import Literal

from torch import nn

from poolbench.models.api import PoolFactory
from poolbench.models.blocks import (
    ResidualBlock,
    initialise_convolutions,
    normalised_convolution,
    strided_size,
)
from poolbench.models.pooled_classifier import PooledClassifier
from poolbench.models.self_attention import SelfAttention

_STEM_WIDTHS = (32, 64, 64)
_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
_EXPANSION = 4


def mxresnet50(
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
    attention: bool = True,
    attention_at: Literal["start", "end"] = "end",
) -> PooledClassifier:
    """Build MXResNet-50: 23,641,003 parameters with attention, 23,575,466 without.

    The last scale of every block starts at zero, so that each block starts as its shortcut.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any other works later.
        pool: Fills ``stem``, a window of 3 at stride 2; ``shortcut`` of the three blocks that
            halve the map, a window of 2; and ``head``. If a site is strided, the last
            convolution of the stem, or the one of the shortcut, takes the stride.
        attention: Whether there is self-attention in the first stage's last block.
        attention_at: ``start`` puts it before the block's convolutions, as the LogAvgExp paper
            says and suites have it; ``end`` behind them, as in the networks that the paper builds
            on and in runs from before there was a choice.

    References:
        He et al. 2019 (arXiv:1812.01187); Misra 2020 (arXiv:1908.08681).
    """
    layers, grid = _stem(in_channels, image_size, pool)
    channels = _STEM_WIDTHS[-1]
    for stage, (width, blocks) in enumerate(_STAGES):
        for index in range(blocks):
            halves = stage > 0 and index == 0
            residual = _bottleneck(channels, width, stride=2 if halves else 1)
            if attention and stage == 0 and index == blocks - 1:
                # The widths before and behind this block's convolutions are the same.
                at = 0 if attention_at == "start" else len(residual)
                residual.insert(at, SelfAttention(width * _EXPANSION))
            shortcut = _shortcut(channels, width * _EXPANSION, halves=halves, grid=grid, pool=pool)
            layers.append(ResidualBlock(residual, shortcut, nn.Mish(inplace=True)))
            channels, grid = width * _EXPANSION, strided_size(grid, 2 if halves else 1)
    network = PooledClassifier(
        nn.Sequential(*layers), channels=channels, grid=grid, num_classes=num_classes, pool=pool
    )
    initialise_convolutions(network, mode="fan_in")
    return network


def _stem(
    in_channels: int, image_size: tuple[int, int], pool: PoolFactory
) -> tuple[list[nn.Module], tuple[int, int]]:
    is_strided = pool.is_strided("stem")
    layers: list[nn.Module] = []
    channels, grid = in_channels, strided_size(image_size, 2)
    for width, stride in zip(_STEM_WIDTHS, (2, 1, 2 if is_strided else 1), strict=True):
        convolution = normalised_convolution(channels, width, 3, stride=stride)
        layers += [convolution, nn.Mish(inplace=True)]
        channels = width
    if not is_strided:
        layers.append(
            pool("stem", channels=channels, grid=grid, kernel_size=3, stride=2, padding=1)
        )
    return layers, strided_size(grid, 2)


def _bottleneck(in_channels: int, width: int, *, stride: int) -> nn.Sequential:
    channels = width * _EXPANSION
    last = normalised_convolution(width, channels, 1)
    nn.init.zeros_(last.get_submodule("1").get_parameter("weight"))
    return nn.Sequential(
        normalised_convolution(in_channels, width, 1),
        nn.Mish(inplace=True),
        normalised_convolution(width, width, 3, stride=stride),
        nn.Mish(inplace=True),
        last,
    )


def _shortcut(
    in_channels: int, channels: int, *, halves: bool, grid: tuple[int, int], pool: PoolFactory
) -> nn.Module:
    if not halves:
        same = in_channels == channels
        return nn.Identity() if same else normalised_convolution(in_channels, channels, 1)
    if pool.is_strided("shortcut"):
        return normalised_convolution(in_channels, channels, 1, stride=2)
    window = pool(
        "shortcut", channels=in_channels, grid=grid, kernel_size=2, stride=2, ceil_mode=True
    )
    return nn.Sequential(window, normalised_convolution(in_channels, channels, 1))
