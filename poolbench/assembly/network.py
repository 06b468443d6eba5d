"""A cell's network: an architecture from ``models`` with ``operators`` at its sites."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from poolbench.core.cell import Cell, ModelSpec
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.named import Named
from poolbench.core.options import check_options
from poolbench.core.streams import derive
from poolbench.data import DATASETS
from poolbench.models import MODELS
from poolbench.models.found_pools import FoundPool
from poolbench.models.network import Network
from poolbench.models.pool_geometry import Pair
from poolbench.operators import OPERATORS
from poolbench.operators.create import build

ANY_NUM_CLASSES = 10
"""Builds a network of which no logit is used: its width moves no shape before the classifier."""


class SitePools:
    """The pool factory of a variant: from site name to operator.

    Args:
        pools: The operator of every site, with checked options.
    """

    def __init__(self, pools: Mapping[str, Named]) -> None:
        self.pools = pools

    def __call__(
        self,
        site: str,
        *,
        channels: int,
        grid: Pair,
        kernel_size: int | Pair | None = None,
        stride: int | Pair | None = None,
        padding: int | Pair = 0,
        ceil_mode: bool = False,
    ) -> nn.Module:
        """Return the operator for one pooling layer; see ``models.api.PoolFactory``."""
        pool = self.pools[site]
        return build(
            pool.name,
            channels=channels,
            grid=grid,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            ceil_mode=ceil_mode,
            **pool.options,
        )

    def is_strided(self, site: str) -> bool:
        """Return whether a stride replaces the pool; see ``models.api.PoolFactory``."""
        return OPERATORS[self.pools[site].name].is_stride

    def sites_among(self, found: Sequence[FoundPool]) -> Collection[str]:  # noqa: ARG002
        """Return the sites that the variant names; see ``models.api.PoolFactory``."""
        return self.pools


def model_spec(
    name: str, options: Mapping[str, Any], pools: Mapping[str, str | Mapping[str, Any]]
) -> ModelSpec:
    """Return a network's description from names, as a suite would give them.

    Args:
        name: The network.
        options: Its options; those left out have their defaults.
        pools: Operator by site: a name, or a mapping with ``name`` and options.

    Raises:
        BadInput: A network, operator or site is unknown, or an option is invalid.
    """
    if not isinstance(pools, Mapping):
        raise BadInput(f"pools: expected operators by site, got {pools!r}", "pools={'head': 'lae'}")
    entry = MODELS[name]
    checked = check_options(name, entry.options, options)
    sites = entry.filled(checked, pools)
    for asked in pools:
        if asked not in sites:
            absent = next((site for site in entry.sites if site.name == asked), None)
            hint = did_you_mean(asked, sites)
            if absent is not None:
                hint = f"it exists with {absent.needs}=True in the options of {name}"
            raise BadInput(f"{name} has no site '{asked}'", hint)
    chosen = {site.name: pools.get(site.name, site.default) for site in sites.values()}
    return ModelSpec(
        network=Named(name=name, options=checked, revision=entry.revision, plugin=entry.plugin),
        pools={site: _pool(given) for site, given in chosen.items()},
    )


def _pool(given: str | Mapping[str, Any]) -> Named:
    options = dict(given) if isinstance(given, Mapping) else {"name": given}
    if not isinstance(options.get("name"), str):
        raise BadInput(f"an operator needs a name: {options}", "for example: {'name': 'lae'}")
    name = options.pop("name")
    return Named(name=name, options=check_options(name, OPERATORS[name].options, options))


def image_shape(cell: Cell) -> tuple[int, int, int]:
    """Return (C, H, W) of a cell's images from the catalogues, without opening any data.

    A data set that declares no shape, as a plug-in's may, counts as 3 x 32 x 32: see
    :func:`is_shape_known`.
    """
    source = cell.data.source
    side = source.options.get("size_px", 32)
    return _declared_shape(cell) or (source.options.get("channels", 3), side, side)


def is_shape_known(cell: Cell) -> bool:
    """Return whether the catalogues tell the shape of a cell's images before they are read."""
    return _declared_shape(cell) is not None or "size_px" in cell.data.source.options


def _declared_shape(cell: Cell) -> tuple[int, int, int] | None:
    return MODELS[cell.model.network.name].input_shape or DATASETS[cell.data.source.name].shape


def build_body(
    spec: ModelSpec,
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pools: SitePools | None = None,
) -> nn.Module:
    """Return a network for normalised images; its weights come from torch's global generator.

    Args:
        spec: Architecture and operators.
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels.
        pools: Fills the sites; by default with the operators of ``spec``.
    """
    return MODELS.resolve(spec.network.name)(
        in_channels=in_channels,
        num_classes=num_classes,
        image_size=image_size,
        pool=pools or SitePools(spec.pools),
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
    """Return an initialised network, which is a function of the arguments alone.

    Args:
        spec: Architecture and operators.
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels.
        mean: Mean of the training pixels, by channel.
        std: Standard deviation of the training pixels, by channel.
        seed: The cell's seed; only its stream ``init`` is used.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive(seed, "init"))
        body = build_body(
            spec, in_channels=in_channels, num_classes=num_classes, image_size=image_size
        )
    return Network(body, mean=mean, std=std)
