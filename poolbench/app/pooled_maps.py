"""Which maps the networks of a study pool, and which variants cannot differ, before training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from poolbench.core.cell import Cell
from poolbench.core.errors import BadInput
from poolbench.core.record import PooledMaps
from poolbench.core.same_networks import about_same_networks, same_networks
from poolbench.core.study import Study
from poolbench.data.found_images import known_classes
from poolbench.models import MODELS
from poolbench.report.studies.maps import about_maps

if TYPE_CHECKING:
    from poolbench.core.sites import NetworkSites


def about_pooled_maps(study: Study, dataset: str, *, every: bool = False) -> Iterator[str]:
    """Say which maps each network of a study pools on a data set, and which variants are one.

    A network of ours or of a plug-in that cannot be built for images of this size is named with
    the reason.

    Args:
        study: The study.
        dataset: One of ``study.datasets``.
        every: Whether to say it of every network, for which torch is loaded; by default only of
            those whose maps the user has chosen: by pictures in folders, whose size is an option,
            or by a network of another library.

    Raises:
        BadInput: A site or an image size does not fit a network: see :func:`check_sites`.
        EnvironmentFault: As :func:`check_sites`.
    """
    found = study.found.get(dataset)
    is_chosen = every or (found is not None and found.pictures is not None)
    rows = {
        name: cells[0]
        for name, cells in study.cells_on(dataset).items()
        if is_chosen or MODELS[cells[0].model.network.name].finds_sites
    }
    if not rows:
        return
    merged: dict[str, NetworkSites] = {}
    failed: list[str] = []
    for cell in _of_each_network(list(rows.values())):
        network = str(cell.model.network)
        try:
            sites = _sites_in(cell, known_classes(cell.data.source, found))
        except Exception as error:  # a plug-in's network may raise anything; its cells will fail
            if MODELS[cell.model.network.name].finds_sites:
                raise
            failed.append(f"{cell.model.network.name} cannot be built for {dataset}: {error}.")
        else:
            calls = merged[network].calls if network in merged else {}
            merged[network] = replace(sites, calls={**calls, **sites.calls})
    yield from dict.fromkeys(failed)
    for sites in merged.values():
        yield from about_maps(sites, dataset)
    pooled = {name: _pooled(cell, merged) for name, cell in rows.items()}
    yield from (f"{about_same_networks(names)}." for names in same_networks(rows, pooled))


def check_sites(study: Study) -> Iterator[tuple[Cell, BadInput]]:
    """Yield what is wrong with sites; loads torch for networks that have to be built to know them.

    A site is not in its network, cannot be filled or is chosen twice, or the network does not take
    images of the size of a data set.

    Raises:
        EnvironmentFault: The network's library is not installed.
    """
    for cell in _of_each_network(study.cells):
        if MODELS[cell.model.network.name].finds_sites:
            try:
                found = study.found.get(cell.data.source.name)
                _sites_in(cell, known_classes(cell.data.source, found))
            except BadInput as fault:
                yield cell, fault


def _sites_in(cell: Cell, classes: int | None) -> NetworkSites:
    from poolbench.assembly.sites import sites_in

    return sites_in(cell, classes)


def _of_each_network(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Yield a cell of each network with different operators, on images of each size."""
    seen = set()
    for cell in cells:
        key = cell.model.identity, str(cell.data.source)
        if key not in seen:
            seen.add(key)
            yield cell


def _pooled(cell: Cell, merged: dict[str, NetworkSites]) -> Mapping[str, PooledMaps]:
    from poolbench.assembly.single_elements import pooled_among

    network = str(cell.model.network)
    return pooled_among(cell.model, merged[network]) if network in merged else {}
