"""Where a network pools: built without memory, asking what each site is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from poolbench.app.network import SitePools, build_body, model_spec
from poolbench.core.catalogue import Site
from poolbench.models import MODELS
from poolbench.models.network import count_parameters
from poolbench.report.table import Column, Table, words


@dataclass(frozen=True, kw_only=True)
class _Place:
    site: str
    maps: str
    window: str


class _NotingPools(SitePools):
    """The pools of a network, with a note of every place asked for."""

    def __init__(self, pools: SitePools) -> None:
        super().__init__(pools.pools)
        self.places: list[_Place] = []

    def __call__(
        self,
        site: str,
        *,
        channels: int,
        grid: tuple[int, int],
        kernel_size: int | None = None,
        stride: int | None = None,
        padding: int = 0,
        ceil_mode: bool = False,
    ) -> nn.Module:
        window = f"{kernel_size}, stride {stride}, padding {padding}"
        self.places.append(
            _Place(
                site=site,
                maps=f"{channels}x{grid[0]}x{grid[1]}",
                window="whole map" if kernel_size is None else window,
            )
        )
        return super().__call__(
            site,
            channels=channels,
            grid=grid,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            ceil_mode=ceil_mode,
        )


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
    pools = _NotingPools(SitePools(spec.pools))
    with torch.device("meta"):
        body = build_body(
            spec, in_channels=channels, num_classes=10, image_size=(height, width), pools=pools
        )
    shown = "".join(f", {option}: true" for option in options)
    titles = ("site", "scope", "default", "maps (CxHxW, places)", "window")
    return Table(
        title=f"sites of {name} on {channels}x{height}x{width} images{shown}",
        columns=tuple(Column(title=title, fields=(title,), is_text=True) for title in titles),
        rows=tuple(tuple(words(text) for text in _row(site, pools.places)) for site in entry.sites),
        notes=(f"{count_parameters(body):,} parameters with 10 classes",),
    )


def _row(site: Site, places: Sequence[_Place]) -> tuple[str, ...]:
    here = [place for place in places if place.site == site.name]
    maps = Counter(place.maps for place in here)
    counted = (f"{shape} ({count})" if count > 1 else shape for shape, count in maps.items())
    windows = dict.fromkeys(place.window for place in here)
    return (site.name, site.scope, site.default, ", ".join(counted), "; ".join(windows))
