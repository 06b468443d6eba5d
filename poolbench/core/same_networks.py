"""Variants that train one network: their operators differ only where there is nothing to pool."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from poolbench.core.cell import Cell
from poolbench.core.record import PooledMaps


def same_networks(
    cells: Mapping[str, Cell], pooled: Mapping[str, Mapping[str, PooledMaps]]
) -> Iterator[tuple[str, ...]]:
    """Yield the variants that cannot differ but by rounding, one group of names after the other.

    Args:
        cells: A cell of each variant, on one data set.
        pooled: Per variant, what reaches each site.
    """
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, cell in cells.items():
        idle = {site for site, each in pooled.get(name, {}).items() if each.keeps_single}
        pools = {site: pool for site, pool in cell.model.pools.items() if site not in idle}
        model = replace(cell.model, pools=pools)
        key = model.identity, cell.data.identity, cell.recipe.identity
        alike.setdefault(key, []).append(name)
    yield from (tuple(names) for names in alike.values() if len(names) > 1)


def single_sites(pooled: Iterable[Mapping[str, PooledMaps]]) -> tuple[str, ...]:
    """Return the sites where each map of some network is one element, in their order."""
    every = (site for sites in pooled for site, maps in sites.items() if maps.is_single)
    return tuple(dict.fromkeys(every))


def about_same_networks(names: Collection[str]) -> str:
    """Say of such a group that it cannot differ."""
    return (
        f"{', '.join(names)} cannot differ but by rounding: their operators differ only where "
        "each map is one element, which all of them keep"
    )


def about_single(sites: Collection[str], network: str) -> str:
    """Say of sites that there is nothing to pool."""
    return (
        f"at {' and '.join(sites)} of {network} each map is one element, so there is nothing to "
        "pool: larger images have larger maps"
    )
