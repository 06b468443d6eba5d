"""What the networks of a study pool, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from poolbench.core.sites import NetworkSites
from poolbench.report.listings.sites import maps_of


def about_maps(found: NetworkSites, dataset: str) -> Iterator[str]:
    """Say which maps a network pools, and where there is nothing to pool.

    Args:
        found: Where the network pools, on images of the data set's size.
        dataset: The data set.
    """
    shape = "x".join(map(str, found.image_shape))
    maps = "; ".join(f"{site} {maps_of(calls)}" for site, calls in found.calls.items())
    yield f"Maps that {found.network} pools, on {shape} images of {dataset}: {maps}."
    if found.single:
        yield (
            f"At {' and '.join(found.single)} of {found.network} each map is one element, so there "
            "is nothing to pool: larger images have larger maps."
        )


def about_same_networks(groups: Iterable[Sequence[str]]) -> Iterator[str]:
    """Say which variants cannot differ.

    Args:
        groups: Names of variants that differ only in operators on maps of one element.
    """
    for names in groups:
        yield (
            f"{', '.join(names)} cannot differ but by rounding: their operators differ only where "
            "each map is one element, which all of them keep."
        )
