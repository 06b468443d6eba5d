"""Networks of other libraries, with our operators in place of their pools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from poolbench.core.errors import BadInput, EnvironmentFault, did_you_mean
from poolbench.models.api import PoolFactory
from poolbench.models.claims import claimed
from poolbench.models.found_pools import FoundPool
from poolbench.models.observed_run import find_pools
from poolbench.models.replaced_pools import replace_pools

# With auxiliary classifiers their training output would not be logits.
_WITHOUT_AUXILIARIES: Mapping[str, Any] = {"aux_logits": False, "init_weights": True}
_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "googlenet": _WITHOUT_AUXILIARIES,
    "inception_v3": _WITHOUT_AUXILIARIES,
}
_COLOURS = 3
_NEAREST = 3


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
        pool: Fills the sites that a variant names: groups, or paths of pools.

    Raises:
        BadInput: There is no such network, a site is not in it or cannot be filled, or it does
            not take such images.
    """
    models = torchvision_with(architecture)
    label = f"torchvision/{architecture}"
    if in_channels != _COLOURS:
        raise BadInput(f"{label} takes images of three channels, not {in_channels}")
    network = built(
        lambda: models.get_model(
            architecture, weights=None, num_classes=num_classes, **_ARGUMENTS.get(architecture, {})
        )
    )
    return fill_sites(network, label, (in_channels, *image_size), pool)


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
        pool: Fills the sites that a variant names: groups, or paths of pools.

    Raises:
        BadInput: There is no such network, a site is not in it or cannot be filled, or it does
            not take such images.
        EnvironmentFault: timm is not installed.
    """
    name, _, tag = architecture.partition(".")
    timm = timm_with(name)
    if tag:
        raise BadInput(
            f"'timm/{architecture}' names weights, and this network is untrained",
            f"leave out '.{tag}'",
        )
    network = built(
        lambda: timm.create_model(architecture, num_classes=num_classes, in_chans=in_channels)
    )
    return fill_sites(network, f"timm/{architecture}", (in_channels, *image_size), pool)


def torchvision_with(architecture: str) -> Any:
    """Return torchvision's module of networks.

    Raises:
        BadInput: It has no such network.
    """
    from torchvision import models

    known = models.list_models(module=models)
    if architecture not in known:
        raise BadInput(
            f"torchvision has no network '{architecture}'", did_you_mean(architecture, known)
        )
    return models


def timm_with(architecture: str) -> Any:
    """Return timm.

    Raises:
        BadInput: It has no such network.
        EnvironmentFault: It is not installed.
    """
    try:
        import timm
    except ModuleNotFoundError:
        raise EnvironmentFault(
            f"timm/{architecture} needs timm, which is not installed", "pip install timm"
        ) from None
    if not timm.is_model(architecture):
        near = get_close_matches(architecture, timm.list_models(), n=_NEAREST, cutoff=0)
        raise BadInput(
            f"timm has no network '{architecture}'",
            f"nearest: {', '.join(near)}; timm.list_models() has all",
        )
    return timm


def fill_sites(
    network: nn.Module, label: str, shape: tuple[int, int, int], pool: PoolFactory
) -> nn.Module:
    """Put operators at the sites of a network that was built elsewhere, in place.

    Args:
        network: The network.
        label: Its name, for messages.
        shape: (C, H, W) of training images, in pixels.
        pool: Fills the sites that a variant names: groups, or paths of pools.

    Returns:
        The network.

    Raises:
        BadInput: A site is not in it or cannot be filled, or it does not take such images.
    """
    try:
        found = find_pools(network, torch.zeros(1, *shape))
    except (AssertionError, RuntimeError, ValueError) as fault:
        size = "x".join(str(extent) for extent in shape)
        raise BadInput(f"{label} does not take images of {size}: {fault}") from fault
    chosen = claimed(label, found, pool.sites_among(found))
    operators = [_operator(place, site, label, pool) for place, site in chosen]
    replace_pools(network, [place for place, _ in chosen], operators)
    return network


def _operator(place: FoundPool, site: str, label: str, pool: PoolFactory) -> nn.Module:
    if pool.is_strided(site):
        raise BadInput(
            f"{label}: no convolution beside {place.path} takes its stride",
            "give it an operator with a window, such as conv",
        )
    try:
        return pool(site, channels=place.maps[0], grid=place.pooled_grid, **place.geometry.window)
    except BadInput as fault:
        hint = "give it another operator"
        raise BadInput(f"{label}: {place.path}: {fault.message}", hint) from fault


class _NumbersHaveMemory(TorchFunctionMode):
    """Builds on the CPU, but without memory for what layers ask for."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        keywords = {**(kwargs or {}), "device": "meta"} if func is torch.empty else kwargs or {}
        return func(*args, **keywords)


def built(build: Callable[[], nn.Module]) -> nn.Module:
    """Build a network, also without memory if it calculates its widths with tensors."""
    try:
        return build()
    except NotImplementedError:
        with torch.device("cpu"), _NumbersHaveMemory():
            network = build()
        return network.to("meta")
