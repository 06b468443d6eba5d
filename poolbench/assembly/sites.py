"""Where a network pools, found by building it without memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from poolbench.assembly.image_sizes import head_side, stride_px
from poolbench.assembly.network import (
    ANY_NUM_CLASSES,
    SitePools,
    build_body,
    image_shape,
    model_spec,
)
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import Cell, ModelSpec
from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from poolbench.core.sites import FoundSite, NetworkSites, PoolCall
from poolbench.models import MODELS
from poolbench.models.found_pools import FoundPool
from poolbench.models.network import count_parameters
from poolbench.models.replaced_pools import tracing_fault

# Of networks that cells of this process share: building one takes up to half a second.
_FOUND: dict[tuple[str, tuple[int, int, int], int], NetworkSites] = {}


class _RecordingPools(SitePools):
    """The pools of a network; records every call by site."""

    def __init__(self, pools: Mapping[str, Named]) -> None:
        super().__init__(pools)
        self.calls: dict[str, list[PoolCall]] = {}
        self.found: tuple[FoundSite, ...] | None = None

    def __call__(self, site: str, **call: Any) -> nn.Module:
        self.calls.setdefault(site, []).append(call)
        return super().__call__(site, **call)

    def sites_among(self, found: Sequence[FoundPool]) -> Collection[str]:
        self.found = tuple(map(_found_site, found))
        return super().sites_among(found)


def _found_site(pool: FoundPool) -> FoundSite:
    geometry = pool.geometry
    note = "counts its padding, an operator does not" if geometry.counts_padding else ""
    return FoundSite(
        path=pool.path,
        group=pool.group,
        operator=geometry.own,
        maps=pool.maps,
        output_size=geometry.output_size,
        window=geometry.window,
        note=pool.refusal or tracing_fault(pool) or note,
    )


def sites_of(name: str, *, size_px: int = 224) -> NetworkSites:
    """Return where a network pools, at its default options and image size.

    Options that a site needs are switched on. A network that was built elsewhere is run once, and
    keeps its own pools.

    Args:
        name: A network of the catalogue.
        size_px: Side of the images of a network that was built elsewhere, in pixels.

    Raises:
        BadInput: The network is unknown.
    """
    entry = MODELS[name]
    options = {site.needs: True for site in entry.sites if site.needs}
    spec = model_spec(name, options, {})
    if entry.finds_sites:
        return _sites(replace(spec, pools={}), (3, size_px, size_px), ANY_NUM_CLASSES)
    found = _sites(spec, entry.input_shape or (3, 32, 32), ANY_NUM_CLASSES)
    return replace(found, switched_on=tuple(options))


def sites_in(cell: Cell, num_classes: int | None) -> NetworkSites:
    """Return where a cell's network pools, on images of the size that it is trained on.

    Args:
        cell: The cell.
        num_classes: Number of classes of its data; ``None`` if only reading the images would tell.

    Raises:
        BadInput: The network cannot be built for images of this size, or was built elsewhere and
            has a larger stride.
    """
    found = pooled_sites(cell, num_classes)
    _check_size(cell.model, found)
    return found


def pooled_sites(cell: Cell, num_classes: int | None) -> NetworkSites:
    """Return as :func:`sites_in` where a network pools, whatever its stride."""
    key = cell.model.identity, image_shape(cell), num_classes or ANY_NUM_CLASSES
    if key not in _FOUND:
        _FOUND[key] = _sites(cell.model, *key[1:])
    return _FOUND[key]


def _check_size(spec: ModelSpec, sites: NetworkSites) -> None:
    """Refuse images of which the last maps would have one element, and that in part."""
    _, height, width = sites.image_shape
    if head_side(sites.found or ()) != 1:
        return
    stride = stride_px(spec.network.name)
    if stride is not None and min(height, width) < stride:
        raise BadInput(
            f"images of {height} x {width} pixels are too small for {spec.network}: an element of "
            f"its last maps stands for {stride} x {stride}",
            f"choose images of {2 * stride} pixels at least, of which something is left to pool",
        )


def _sites(spec: ModelSpec, shape: tuple[int, int, int], num_classes: int) -> NetworkSites:
    channels, height, width = shape
    pools = _RecordingPools(spec.pools)
    with without_memory():
        body = build_body(
            spec,
            in_channels=channels,
            num_classes=num_classes,
            image_size=(height, width),
            pools=pools,
        )
    return NetworkSites(
        network=spec.network.name,
        switched_on=(),
        image_shape=shape,
        num_classes=num_classes,
        parameters=count_parameters(body),
        sites=tuple(MODELS[spec.network.name].sites),
        calls={site: tuple(calls) for site, calls in pools.calls.items()},
        found=pools.found,
    )
