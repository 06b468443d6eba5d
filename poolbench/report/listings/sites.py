"""The table of a network's pooling sites and their maps."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.core.catalogue import Site
from poolbench.core.record import PooledMaps
from poolbench.core.sites import FoundSite, NetworkSites, PoolCall
from poolbench.report.listings.text_table import text_table
from poolbench.report.table import Table


def sites_table(found: NetworkSites) -> Table:
    """Return a table of a network's sites with the maps they pool."""
    if found.found is not None:
        return _found_table(found, found.found)
    shape = "x".join(map(str, found.image_shape))
    shown = "".join(f", {option}: true" for option in found.switched_on)
    return text_table(
        f"sites of {found.network} on {shape} images{shown}",
        ("site", "scope", "default", "maps (CxHxW, count)", "window"),
        [_row(site, found.calls.get(site.name, ())) for site in found.sites],
        [f"{found.parameters:,} parameters with {found.num_classes} classes"],
    )


def _found_table(network: NetworkSites, found: Sequence[FoundSite]) -> Table:
    shape = "x".join(map(str, network.image_shape))
    has_pools = any(site.group != "stride" for site in found)
    return text_table(
        f"sites of {network.network} on {shape} images",
        ("site", "group", "is", "maps (CxHxW)", "window", "note"),
        [
            (
                site.path,
                site.group,
                site.operator or ("convolution" if site.group == "stride" else ""),
                "x".join(map(str, site.maps)),
                _window(site.window) if site.window else _output(site),
                "" if site.group == "stride" else site.note,
            )
            for site in found
        ],
        [
            f"{network.parameters:,} parameters with {network.num_classes} classes",
            "`pools:` names a group or one site; what it does not name stays as it is. There is no "
            "operator for `stride` yet."
            if has_pools
            else "Nothing in it pools maps of shape (N, C, H, W): no operator has a place in it.",
        ],
    )


def _output(site: FoundSite) -> str:
    size = site.output_size
    return "whole map" if size in (None, (1, 1)) else f"cells, to {size[0]}x{size[1]}"


def _row(site: Site, calls: Sequence[PoolCall]) -> tuple[str, ...]:
    windows = dict.fromkeys(_window(call) for call in calls)
    return (site.name, site.scope, site.default, maps_of(calls), "; ".join(windows))


def maps_of(calls: Sequence[PoolCall]) -> str:
    """Return the maps that are pooled, each with its number: ``64x32x32 (2), 128x16x16``."""
    return str(PooledMaps.of_calls(calls))


def _window(call: PoolCall) -> str:
    if call.get("kernel_size") is None:
        return "whole map"
    kernel, stride, padding = (
        _side(call.get(key, 0)) for key in ("kernel_size", "stride", "padding")
    )
    return f"{kernel}, stride {stride}, padding {padding}"


def _side(size: object) -> str:
    if not isinstance(size, tuple):
        return str(size)
    height, width = size
    return str(height) if height == width else f"{height}x{width}"
