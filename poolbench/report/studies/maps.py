"""What the networks of a study pool, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from poolbench.core.same_networks import about_single
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
        yield sentence(about_single(found.single, found.network))


def sentence(text: str) -> str:
    """Return a note of a table as a sentence."""
    return f"{text[0].upper()}{text[1:]}."
