"""Operators on maps of one element, where there is nothing to pool."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from poolbench.assembly.network import image_shape
from poolbench.assembly.sites import pooled_sites
from poolbench.core.cell import Cell, ModelSpec
from poolbench.core.named import Named
from poolbench.core.sites import NetworkSites
from poolbench.operators.create import build

_ELEMENTS = 8
_SCALE = 4.0
_ROUNDING = 0.01

# Of each network that this process has trained, with seeds that share it.
_KNOWN: dict[tuple[str, tuple[int, int, int], int], Mapping[str, bool] | None] = {}


def single_sites(cell: Cell, num_classes: int) -> Mapping[str, bool] | None:
    """Return the sites of a cell's network where there is nothing to pool.

    Args:
        cell: The cell.
        num_classes: Number of classes of its data.

    Returns:
        As :func:`single_sites_among`; ``None`` if the network cannot be built without memory.
    """
    key = cell.model.identity, image_shape(cell), num_classes
    if key not in _KNOWN:
        try:
            sites = pooled_sites(cell, num_classes)
        except Exception:  # a plug-in's network may raise anything
            _KNOWN[key] = None
        else:
            _KNOWN[key] = single_sites_among(cell.model, sites)
    return _KNOWN[key]


def single_sites_among(model: ModelSpec, sites: NetworkSites) -> Mapping[str, bool]:
    """Return of the sites of a network, found before, those where each map is one element.

    Returns:
        Whether the operator there keeps the element, by site.
    """
    return {
        site: keeps_one_element(pool) for site, pool in model.pools.items() if site in sites.single
    }


def keeps_one_element(pool: Named) -> bool:
    """Return whether an operator makes of a map of one element that element, but for rounding.

    Elements of both signs are tried: what holds only behind a ReLU does not count.

    Args:
        pool: The operator; one that cannot pool a whole map keeps nothing.
    """
    # In a dtype for which no fused code has to be compiled before a plan is shown.
    elements = torch.linspace(-_SCALE, _SCALE, _ELEMENTS).half()
    try:
        operator = build(pool.name, channels=_ELEMENTS, grid=(1, 1), **pool.options)
        with torch.no_grad():
            pooled = operator.eval()(elements.view(1, _ELEMENTS, 1, 1))
    except Exception:  # a plug-in's operator may raise anything; its cells will tell
        return False
    is_same_shape = pooled.shape == (1, _ELEMENTS)
    return bool(
        is_same_shape and torch.allclose(pooled[0].float(), elements.float(), atol=_ROUNDING)
    )
