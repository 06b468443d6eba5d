"""Which maps a study pools of pictures in folders, said before it is trained."""

from __future__ import annotations

from collections.abc import Iterator

from poolbench.core.study import Study
from poolbench.report.studies.maps import about_maps


def about_pooled_maps(study: Study, dataset: str) -> Iterator[str]:
    """Say which maps each network of a study pools on a data set, if it is pictures in folders.

    Their size is the user's choice, and so are the maps; for them alone torch is loaded. A network
    that cannot be built for images of this size is named with the reason.
    """
    found = study.found.get(dataset)
    if found is None or found.pictures is None:
        return
    from poolbench.assembly.sites import sites_in

    first = {str(cells[0].model.network): cells[0] for cells in study.cells_on(dataset).values()}
    for cell in first.values():
        try:
            sites = sites_in(cell, found.classes)
        except Exception as error:  # a plug-in's network may raise anything; its cells will fail
            yield f"{cell.model.network.name} cannot be built for {dataset}: {error}."
        else:
            yield from about_maps(sites, dataset)
