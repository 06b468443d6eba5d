"""Whether the networks of a study can be built as it says, and what to know of them before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from poolbench.app.freezes import check_freezes
from poolbench.app.pooled_maps import about_pooled_maps, check_sites
from poolbench.app.starts import about_starts, check_starts
from poolbench.core.study import Study


def check_networks(study: Study, root: Path | None) -> None:
    """Check sites, frozen paths and weights, where networks have to be built to know them.

    Args:
        study: The study.
        root: The data root.

    Raises:
        BadInput: A site, a frozen path or weights are not of their network.
        EnvironmentFault: A library or a file is missing, or a file has changed.
    """
    check_sites(study)
    check_freezes(study)
    check_starts(study, root)


def about_networks(
    study: Study, dataset: str, root: Path | None, *, every: bool = False
) -> Iterator[str]:
    """Say what of the networks on a data set does not start from their weights, and what they pool.

    Args:
        study: The study.
        dataset: One of ``study.datasets``.
        root: The data root.
        every: See :func:`poolbench.app.pooled_maps.about_pooled_maps`.

    Raises:
        As :func:`check_networks`, but for frozen paths.
    """
    yield from about_starts(study, dataset, root)
    yield from about_pooled_maps(study, dataset, every=every)
