"""A cell's network: the architecture from ``models``, its sites filled from ``operators``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from poolbench.core.cell import ModelSpec, Named
from poolbench.core.streams import derive
from poolbench.models import MODELS
from poolbench.models.network import Network
from poolbench.operators.create import create


class SitePools:
    """The pool factory of a variant: site name to operator.

    Args:
        pools: The operator of every site.
    """

    def __init__(self, pools: Mapping[str, Named]) -> None:
        self._pools = pools

    def __call__(
        self,
        site: str,
        *,
        channels: int,
        grid: tuple[int, int],
        kernel_size: int | None = None,
        stride: int | None = None,
        padding: int = 0,
    ) -> nn.Module:
        """Return the operator for one place; see ``models.api.PoolFactory``."""
        pool = self._pools[site]
        return create(
            pool.name,
            channels=channels,
            grid=grid,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            **pool.options,
        )


def build_body(
    spec: ModelSpec, *, in_channels: int, num_classes: int, image_size: tuple[int, int]
) -> nn.Module:
    """Return a network for normalised images; its weights come from torch's global generator."""
    return MODELS.resolve(spec.network.name)(
        in_channels=in_channels,
        num_classes=num_classes,
        image_size=image_size,
        pool=SitePools(spec.pools),
        **spec.network.options,
    )


def build_network(
    spec: ModelSpec,
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    mean: Sequence[float],
    std: Sequence[float],
    seed: int,
) -> Network:
    """Return a freshly initialised network, a function of its arguments alone.

    Args:
        spec: Architecture and operators.
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels.
        mean: Of the training pixels, by channel.
        std: Of the training pixels, by channel.
        seed: The cell's; only its stream ``init`` is used.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive(seed, "init"))
        body = build_body(
            spec, in_channels=in_channels, num_classes=num_classes, image_size=image_size
        )
    return Network(body, mean=mean, std=std)
