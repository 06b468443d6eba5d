"""Where a network pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poolbench.core.catalogue import Site

PoolCall = Mapping[str, Any]
"""The arguments with which a network requests one pool: see ``models.api.PoolFactory``."""


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
    """

    network: str
    switched_on: tuple[str, ...]
    image_shape: tuple[int, int, int]
    num_classes: int
    parameters: int
    sites: tuple[Site, ...]
    calls: Mapping[str, tuple[PoolCall, ...]]
