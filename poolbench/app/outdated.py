"""Runs in a store that are those of a cell but for the revision of a component."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.named import Named
from poolbench.runtime.components import components_of
from poolbench.store.store import Store


def outdated(store: Store, cells: Sequence[Cell]) -> list[str]:
    """Return why runs in a store that would have been those of these cells are not.

    It reads every run of the store.

    Args:
        store: The store.
        cells: Cells without a run.

    Returns:
        Each change of a component once, such as ``operator 'lae' (revision 1, now 2)``.
    """
    wanted = {_unrevised(cell): cell for cell in cells}
    found: dict[str, None] = {}
    for cell_id in store.finished():
        with suppress(Damaged, FileNotFoundError):
            run = store.read(cell_id)
            now = wanted.pop(_unrevised(run.cell), None)
            if now is not None and now.id != cell_id:
                found |= dict.fromkeys(_changes(run.cell, now))
    return list(found)


def _unrevised(cell: Cell) -> str:
    return json.dumps(_without_revisions(json.loads(cell.identity)), sort_keys=True)


def _without_revisions(document: Any) -> Any:
    if isinstance(document, list):
        return [_without_revisions(item) for item in document]
    if not isinstance(document, dict):
        return document
    return {
        key: _without_revisions(value)
        for key, value in document.items()
        # An option that was added since is left out, as ``None``, to change nothing.
        if key not in ("revision", "plugin") and value is not None
    }


def _changes(then: Cell, now: Cell) -> Iterator[str]:
    for (catalogue, old), (_, new) in zip(components_of(then), components_of(now), strict=True):
        if (old.revision, old.plugin) != (new.revision, new.plugin):
            yield f"{catalogue.kind} '{new.name}' ({_version(old, new)})"


def _version(old: Named, new: Named) -> str:
    if old.revision != new.revision:
        return f"revision {old.revision}, now {new.revision}"
    return f"{old.plugin or 'no plug-in'}, now {new.plugin or 'no plug-in'}"
