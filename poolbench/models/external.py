"""Networks of other libraries, with our operators as global pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from poolbench.core.errors import BadInput, EnvironmentFault, did_you_mean
from poolbench.models.api import PoolFactory
from poolbench.models.found_pools import find_pools, pooled_shapes, replace_pool

# With auxiliary classifiers their training output would not be logits.
_WITHOUT_AUXILIARIES: Mapping[str, Any] = {"aux_logits": False, "init_weights": True}
_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "googlenet": _WITHOUT_AUXILIARIES,
    "inception_v3": _WITHOUT_AUXILIARIES,
}
_COLOURS = 3


def torchvision_network(
    architecture: str,
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
) -> nn.Module:
    """Build a classification network of torchvision, untrained.

    Args:
        architecture: A name in ``torchvision.models.list_models()``.
        in_channels: Must be 3.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels.
        pool: Fills ``head``.

    Raises:
        BadInput: There is no such network, it has no global pooling module, or it does not take
            such images.
    """
    from torchvision import models

    known = models.list_models(module=models)
    if architecture not in known:
        raise BadInput(
            f"torchvision has no network '{architecture}'", did_you_mean(architecture, known)
        )
    label = f"torchvision/{architecture}"
    if in_channels != _COLOURS:
        raise BadInput(f"{label} takes images of three channels, not {in_channels}")
    network = models.get_model(
        architecture, weights=None, num_classes=num_classes, **_ARGUMENTS.get(architecture, {})
    )
    return _with_head(network, label, (in_channels, *image_size), pool)


def timm_network(
    architecture: str,
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
) -> nn.Module:
    """Build a network of timm, untrained.

    Args:
        architecture: A name in ``timm.list_models()``.
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels.
        pool: Fills ``head``.

    Raises:
        BadInput: There is no such network, it has no global pooling module, or it does not take
            such images.
        EnvironmentFault: timm is not installed.
    """
    try:
        import timm
    except ModuleNotFoundError:
        raise EnvironmentFault(
            f"timm/{architecture} needs timm, which is not installed", "pip install timm"
        ) from None
    if not timm.is_model(architecture):
        advice = did_you_mean(architecture, timm.list_models()).partition(" known: ")[0]
        raise BadInput(f"timm has no network '{architecture}'", advice)
    network = timm.create_model(architecture, num_classes=num_classes, in_chans=in_channels)
    return _with_head(network, f"timm/{architecture}", (in_channels, *image_size), pool)


def _with_head(
    network: nn.Module, label: str, shape: tuple[int, int, int], pool: PoolFactory
) -> nn.Module:
    heads = [found for found in find_pools(network) if found.site == "head"]
    if not heads:
        raise BadInput(f"{label} has no module that pools the whole map", "choose another network")
    try:
        shapes = pooled_shapes(network, heads, torch.zeros(1, *shape))
    except (AssertionError, RuntimeError, ValueError) as fault:
        size = "x".join(str(extent) for extent in shape)
        raise BadInput(f"{label} does not take images of {size}: {fault}") from fault
    for head in heads:
        channels, grid = shapes[head.name]
        replace_pool(network, head, pool("head", channels=channels, grid=grid))
    return network
