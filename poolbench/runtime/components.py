"""The catalogue entries a run is made of, and whether those that are loaded are the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from poolbench.core.catalogue import Catalogue
from poolbench.core.cell import Cell, Named
from poolbench.core.errors import BadInput
from poolbench.data import AUGMENTATIONS, DATASETS
from poolbench.models import MODELS
from poolbench.operators import OPERATORS
from poolbench.training import OPTIMIZERS, SCHEDULES

Component = tuple[Catalogue[Any], Named]


def components_of(cell: Cell) -> Iterator[Component]:
    """Yield everything a cell names, with the catalogue it is from."""
    yield DATASETS, cell.data.source
    yield from ((AUGMENTATIONS, augmentation) for augmentation in cell.data.augment)
    yield MODELS, cell.model.network
    yield from ((OPERATORS, pool) for pool in cell.model.pools.values())
    yield OPTIMIZERS, cell.recipe.optimizer
    yield SCHEDULES, cell.recipe.schedule


def mismatch(catalogue: Catalogue[Any], named: Named) -> str:
    """Return why a component is not what is loaded under its name; empty where it is.

    Args:
        catalogue: Where its name is looked up.
        named: As a run has it.
    """
    what = f"the {catalogue.kind} '{named.name}'"
    if named.name not in catalogue:
        of = f"of the plug-in {named.plugin}" if named.plugin else "of no plug-in that was noted"
        return f"{what}, {of}, is not loaded"
    loaded = catalogue[named.name].plugin
    if _identity(loaded) == _identity(named.plugin):
        return ""
    then = f"of {named.plugin}" if named.plugin else "made before plug-ins were noted"
    now = str(loaded) if loaded else "poolbench itself"
    return f"{what} is {then}; what is loaded is another version, of {now}"


def _identity(plugin: Any) -> str:
    return "" if plugin is None else str(plugin.identity)


def require(components: Iterator[Component]) -> None:
    """Refuse to work with other code than a run was planned with.

    Raises:
        BadInput: A plug-in is missing, is another version, or names code that is not there.
    """
    for catalogue, named in components:
        if why := mismatch(catalogue, named):
            raise BadInput(why, "name the file that it was planned with: --plugin FILE.py")
        if named.plugin is not None:
            catalogue.resolve(named.name)
