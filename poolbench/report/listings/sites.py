"""The table of a network's pooling sites and their maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from poolbench.core.catalogue import Site
from poolbench.core.sites import NetworkSites, PoolCall
from poolbench.report.listings.text_table import text_table
from poolbench.report.table import Table


def sites_table(found: NetworkSites) -> Table:
    """Return a table of a network's sites with the maps they pool."""
    shape = "x".join(map(str, found.image_shape))
    shown = "".join(f", {option}: true" for option in found.switched_on)
    return text_table(
        f"sites of {found.network} on {shape} images{shown}",
        ("site", "scope", "default", "maps (CxHxW, count)", "window"),
        [_row(site, found.calls.get(site.name, ())) for site in found.sites],
        [f"{found.parameters:,} parameters with {found.num_classes} classes"],
    )


def _row(site: Site, calls: Sequence[PoolCall]) -> tuple[str, ...]:
    windows = dict.fromkeys(_window(call) for call in calls)
    return (site.name, site.scope, site.default, maps_of(calls), "; ".join(windows))


def maps_of(calls: Sequence[PoolCall]) -> str:
    """Return the maps that are pooled, each with its number: ``64x32x32 (2), 128x16x16``."""
    maps = Counter(_maps(call) for call in calls)
    return ", ".join(f"{shape} ({count})" if count > 1 else shape for shape, count in maps.items())


def _maps(call: PoolCall) -> str:
    height, width = call["grid"]
    return f"{call['channels']}x{height}x{width}"


def _window(call: PoolCall) -> str:
    if call.get("kernel_size") is None:
        return "whole map"
    return f"{call['kernel_size']}, stride {call['stride']}, padding {call.get('padding', 0)}"
