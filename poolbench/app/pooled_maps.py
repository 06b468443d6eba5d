"""Which maps a study pools, said before it is trained."""

from __future__ import annotations

from collections.abc import Iterator

from poolbench.core.study import Study
from poolbench.report.studies.maps import about_maps

_NUM_CLASSES = 10
"""Where the number of classes is not known; it changes no map."""


def about_pooled_maps(study: Study, dataset: str) -> Iterator[str]:
    """Say which maps each network of a study pools on a data set. This loads torch.

    A network that cannot be built for images of this size is named with the reason.
    """
    from poolbench.assembly.sites import sites_in

    found = study.found.get(dataset)
    num_classes = _NUM_CLASSES if found is None else found.classes
    first = {str(cells[0].model.network): cells[0] for cells in study.cells_on(dataset).values()}
    for cell in first.values():
        try:
            sites = sites_in(cell, num_classes)
        except Exception as error:  # a plug-in's network may raise anything; its cells will fail
            yield f"{cell.model.network.name} cannot be built for {dataset}: {error}."
        else:
            yield from about_maps(sites, dataset)
