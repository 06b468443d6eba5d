"""Operators on maps of one element, where there is nothing to pool."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from poolbench.assembly.sites import pooled_sites
from poolbench.core.cell import Cell, ModelSpec
from poolbench.core.named import Named
from poolbench.core.record import PooledMaps
from poolbench.core.sites import NetworkSites
from poolbench.operators.create import build

_ELEMENTS = 8
_SCALE = 4.0
_ROUNDING = 0.01


def pooled_maps(cell: Cell, num_classes: int) -> Mapping[str, PooledMaps] | None:
    """Return what reaches each site of a cell's network.

    Args:
        cell: The cell.
        num_classes: Number of classes of its data.

    Returns:
        As :func:`pooled_among`; ``None`` if the network cannot be built without memory.
    """
    try:
        return pooled_among(cell.model, pooled_sites(cell, num_classes))
    except Exception:  # a plug-in's network may raise anything
        return None


def pooled_among(model: ModelSpec, sites: NetworkSites) -> Mapping[str, PooledMaps]:
    """Return what reaches each site of a network that has an operator, as it was found before."""
    return {
        site: PooledMaps.of_calls(
            sites.calls[site], keeps_single=site in sites.single and keeps_one_element(pool)
        )
        for site, pool in model.pools.items()
        if site in sites.calls
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
