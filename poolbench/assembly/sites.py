"""Where a network pools: built without memory, asking what each site is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from poolbench.assembly.network import SitePools, build_body, model_spec
from poolbench.assembly.without_memory import without_memory
from poolbench.core.catalogue import Site
from poolbench.core.cell import Named
from poolbench.models import MODELS
from poolbench.models.network import count_parameters
from poolbench.report.table import Column, Table, text_cell

# What a network tells of a place where it pools: see ``models.api.PoolFactory``.
Place = Mapping[str, Any]


class _NotingPools(SitePools):
    """The pools of a network, with a note of every place asked for, by site."""

    def __init__(self, pools: Mapping[str, Named]) -> None:
        super().__init__(pools)
        self.places: dict[str, list[Place]] = {}

    def __call__(self, site: str, **place: Any) -> nn.Module:
        self.places.setdefault(site, []).append(place)
        return super().__call__(site, **place)


def sites_table(name: str) -> Table:
    """Return a network's sites with the maps they pool, at its default options and image size.

    Options that a site needs are switched on.

    Args:
        name: A network of the catalogue.

    Raises:
        BadInput: There is no such network.
    """
    entry = MODELS[name]
    options = {site.needs: True for site in entry.sites if site.needs}
    channels, height, width = entry.input_shape or (3, 32, 32)
    spec = model_spec(name, options, {})
    pools = _NotingPools(spec.pools)
    with without_memory():
        body = build_body(
            spec, in_channels=channels, num_classes=10, image_size=(height, width), pools=pools
        )
    shown = "".join(f", {option}: true" for option in options)
    titles = ("site", "scope", "default", "maps (CxHxW, places)", "window")
    return Table(
        title=f"sites of {name} on {channels}x{height}x{width} images{shown}",
        columns=tuple(Column(title=title, fields=(title,), is_text=True) for title in titles),
        rows=tuple(
            tuple(text_cell(text) for text in _row(site, pools.places.get(site.name, ())))
            for site in entry.sites
        ),
        notes=(f"{count_parameters(body):,} parameters with 10 classes",),
    )


def _row(site: Site, places: Sequence[Place]) -> tuple[str, ...]:
    maps = Counter(_maps(place) for place in places)
    counted = (f"{shape} ({count})" if count > 1 else shape for shape, count in maps.items())
    windows = dict.fromkeys(_window(place) for place in places)
    return (site.name, site.scope, site.default, ", ".join(counted), "; ".join(windows))


def _maps(place: Place) -> str:
    height, width = place["grid"]
    return f"{place['channels']}x{height}x{width}"


def _window(place: Place) -> str:
    if place.get("kernel_size") is None:
        return "whole map"
    return f"{place['kernel_size']}, stride {place['stride']}, padding {place.get('padding', 0)}"
