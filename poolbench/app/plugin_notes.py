"""What a report of runs made with plug-ins has to say of them: notes, and no reason to fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from poolbench.core.cell import Cell
from poolbench.core.counted import counted
from poolbench.core.measurement import Measurement
from poolbench.core.named import Named
from poolbench.core.study import Study
from poolbench.probes import PROBES
from poolbench.runtime.components import components_of, components_of_study, mismatch
from poolbench.store.store import Store


def notes_of_plugins(
    study: Study, store: Store, measurements: Mapping[str, Sequence[Measurement]]
) -> tuple[str, ...]:
    """Return which plug-ins of a study are not loaded, or are loaded in another version.

    Args:
        study: What is reported.
        store: Where its runs are; those of another version of a plug-in are looked for there.
        measurements: What was measured on the runs, by cell id.
    """
    components = [*components_of_study(study)]
    components += ((PROBES, each.probe) for found in measurements.values() for each in found)
    notes = [why for each in components if (why := mismatch(*each))]
    if any(named.plugin for _, named in components):
        notes += _of_other_versions(study, store)
    return tuple(dict.fromkeys(notes))


def _of_other_versions(study: Study, store: Store) -> Iterator[str]:
    """Say of which variants the store holds runs that differ in the version of a plug-in alone."""
    missing = {
        _without_plugins(cell).id: cell
        for cell in study.cells
        if any(named.plugin for _, named in components_of(cell)) and not store.is_committed(cell.id)
    }
    found: dict[str, list[Cell]] = {}
    for other in store.studies() if missing else ():
        for cell in other.cells:
            asked = missing.get(_without_plugins(cell).id)
            if asked is not None and store.is_committed(cell.id):
                found.setdefault(asked.variant, []).append(cell)
    for variant, cells in found.items():
        versions = {
            str(named.plugin) for cell in cells for _, named in components_of(cell) if named.plugin
        }
        runs = counted(len({cell.id for cell in cells}), "run")
        yield (
            f"{variant}: the store holds {runs} of another version of its plug-in, "
            f"{' and '.join(sorted(versions)) or 'from before plug-ins were recorded'}; "
            f"they are not these results"
        )


def _without_plugins(cell: Cell) -> Cell:
    """Return a cell as it is but for the versions of its plug-ins."""

    def bare(named: Named) -> Named:
        return replace(named, plugin=None)

    data, model, recipe = cell.data, cell.model, cell.recipe
    return replace(
        cell,
        data=replace(data, source=bare(data.source), augment=tuple(map(bare, data.augment))),
        model=replace(
            model,
            network=bare(model.network),
            pools={site: bare(pool) for site, pool in model.pools.items()},
        ),
        recipe=replace(recipe, optimizer=bare(recipe.optimizer), schedule=bare(recipe.schedule)),
    )
