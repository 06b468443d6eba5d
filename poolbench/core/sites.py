"""Where a network pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poolbench.core.catalogue import Site

PoolCall = Mapping[str, Any]
"""What a network says of one pool it asks for: see ``models.api.PoolFactory``."""


@dataclass(frozen=True, kw_only=True)
class NetworkSites:
    """Where a network pools, at its default options and image size.

    Args:
        network: Its name in the catalogue.
        switched_on: Options set to true because a site needs them.
        image_shape: (C, H, W) of the images, in pixels.
        num_classes: Of the head.
        parameters: How many it has then.
        sites: What its catalogue entry says.
        calls: Every pool it asks for, by site, in the order of construction.
    """

    network: str
    switched_on: tuple[str, ...]
    image_shape: tuple[int, int, int]
    num_classes: int
    parameters: int
    sites: tuple[Site, ...]
    calls: Mapping[str, tuple[PoolCall, ...]]
