"""Where a network pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poolbench.core.catalogue import Site

PoolCall = Mapping[str, Any]
"""The arguments with which a network requests one pool: see ``models.api.PoolFactory``."""


@dataclass(frozen=True, kw_only=True)
class FoundSite:
    """A pool of a network that was built elsewhere, or a strided convolution.

    Args:
        path: Its name in a suite's ``pools``.
        group: The group that it is named with.
        operator: What it is; empty if no operator of ours is that.
        maps: (C, H, W) of the maps that reach it, in pixels.
        output_size: (H', W') that it makes of any map; ``None`` with a window.
        window: ``kernel_size``, ``stride``, ``padding`` and ``ceil_mode``; empty without a window.
        note: What there is to know before an operator takes its place; empty for nothing.
    """

    path: str
    group: str
    operator: str
    maps: tuple[int, int, int]
    output_size: tuple[int, int] | None
    window: Mapping[str, Any]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class NetworkSites:
    """Where a network pools, on images of one size.

    Args:
        network: Its name in the catalogue.
        switched_on: Options set to true because a site needs them; empty for a cell's network.
        image_shape: (C, H, W) of the images, in pixels.
        num_classes: Number of classes of the head.
        parameters: Number of parameters of that network.
        sites: Sites of its catalogue entry.
        calls: Every pool it requests, by site, in the order of construction.
        found: What was found in it, in forward order; ``None`` if its sites are named by its code.
    """

    network: str
    switched_on: tuple[str, ...]
    image_shape: tuple[int, int, int]
    num_classes: int
    parameters: int
    sites: tuple[Site, ...]
    calls: Mapping[str, tuple[PoolCall, ...]]
    found: tuple[FoundSite, ...] | None = None

    @property
    def single(self) -> tuple[str, ...]:
        """The sites where every map is one element, so that there is nothing to pool."""
        return tuple(
            site
            for site, calls in self.calls.items()
            if all(tuple(call["grid"]) == (1, 1) for call in calls)
        )
