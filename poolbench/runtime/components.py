"""The catalogue entries of a run, and whether the loaded ones are the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from poolbench.core.catalogue import Catalogue
from poolbench.core.cell import Cell
from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from poolbench.core.study import Study
from poolbench.data import AUGMENTATIONS, DATASETS
from poolbench.models import MODELS
from poolbench.operators import OPERATORS
from poolbench.probes import PROBES
from poolbench.search import SEARCHES
from poolbench.training import OPTIMIZERS, SCHEDULES

Component = tuple[Catalogue[Any], Named]

CATALOGUES: Mapping[str, Catalogue[Any]] = {
    catalogue.kind: catalogue
    for catalogue in (
        DATASETS, AUGMENTATIONS, MODELS, OPERATORS, OPTIMIZERS, SCHEDULES, PROBES,
    )
}  # fmt: skip
"""The catalogues that workers read, by the kind of their entries."""


def components_of(cell: Cell) -> Iterator[Component]:
    """Yield each component of a cell with its catalogue."""
    yield DATASETS, cell.data.source
    yield from ((AUGMENTATIONS, augmentation) for augmentation in cell.data.augment)
    yield MODELS, cell.model.network
    yield from ((OPERATORS, pool) for pool in cell.model.pools.values())
    if cell.origin == "trained":
        yield OPTIMIZERS, cell.recipe.optimizer
        yield SCHEDULES, cell.recipe.schedule


def components_of_study(study: Study) -> Iterator[Component]:
    """Yield each component of a study's cells, which differ in their seed alone, and its search."""
    for _, _, cells in study.conditions():
        yield from components_of(cells[0])
    if study.search is not None:
        yield SEARCHES, study.search.named


def mismatch(catalogue: Catalogue[Any], named: Named) -> str:
    """Return how a component differs from the one loaded under its name; empty if it does not.

    Args:
        catalogue: The catalogue of the component.
        named: The component of a run.
    """
    what = f"the {catalogue.kind} '{named.name}'"
    if named.name not in catalogue:
        of = f"of the plug-in {named.plugin}" if named.plugin else "of an unrecorded plug-in"
        return f"{what}, {of}, is not loaded"
    loaded = catalogue[named.name].plugin
    if _identity(loaded) == _identity(named.plugin):
        return ""
    then = f"of {named.plugin}" if named.plugin else "from before plug-ins were recorded"
    now = str(loaded) if loaded else "poolbench itself"
    return f"{what} is {then}; what is loaded is another version, of {now}"


def _identity(plugin: Any) -> str:
    return "" if plugin is None else str(plugin.identity)


def require(components: Iterator[Component]) -> None:
    """Check that the loaded code is that which a run was planned with.

    Args:
        components: The components of the run.

    Raises:
        BadInput: A plug-in is missing, is another version, or names code that does not exist.
    """
    for catalogue, named in components:
        if why := mismatch(catalogue, named):
            raise BadInput(why, "name the file that the run was planned with: --plugin FILE.py")
        if named.plugin is not None:
            catalogue.resolve(named.name)
