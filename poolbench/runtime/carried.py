"""Entries that a program adds by hand to its catalogues, as its workers get them.

A worker is another process. It imports the code of an entry by the name of its module, as the
program did; so what is defined in the program itself, a script or a notebook, cannot reach it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from poolbench.core.catalogue import Catalogue
from poolbench.core.code_source import import_root, module_file, source_of
from poolbench.core.document import Facts
from poolbench.core.entry_document import entry_document, read_entry
from poolbench.core.errors import BadInput
from poolbench.core.printable import restored_path, stored_path
from poolbench.core.study import Study
from poolbench.probes import PROBES
from poolbench.runtime.components import CATALOGUES, Component, components_of_study

_FILE = "mine.py"


@dataclass(frozen=True, kw_only=True)
class CarriedEntry:
    """An entry on its way to a worker.

    Args:
        catalogue: The kind of the catalogue's entries.
        name: Its name.
        folders: The folders to import its modules from.
        entry: The entry as a document.
    """

    catalogue: str
    name: str
    folders: tuple[str, ...]
    entry: Facts


def carried_entries() -> tuple[CarriedEntry, ...]:
    """Return what the program added by hand, as far as another process can import its code."""
    return tuple(
        CarriedEntry(
            catalogue=catalogue.kind,
            name=name,
            folders=tuple(map(stored_path, folders)),
            entry=entry_document(catalogue[name]),
        )
        for catalogue in CATALOGUES.values()
        for name in sorted(catalogue.by_hand)
        if (folders := _folders(catalogue, name))
    )


def take_entries(carried: Iterable[CarriedEntry]) -> None:
    """Add carried entries to the catalogues of this process, unless they are there.

    The source of each is found anew: whether it is that which the cells were planned with is
    checked when they are trained.
    """
    for each in carried:
        catalogue = CATALOGUES[each.catalogue]
        if each.name in catalogue:
            continue
        # Last: they shall not hide what is installed.
        sys.path += [
            folder for folder in map(restored_path, each.folders) if folder not in sys.path
        ]
        family = type(next(iter(catalogue.values())))
        catalogue.add(each.name, replace(read_entry(family, each.entry), plugin=None))


def check_entries(study: Study, *, is_here: bool) -> None:
    """Check that the entries of a study that were added by hand can be used where it runs.

    Args:
        study: The study.
        is_here: Whether its cells run in this process.

    Raises:
        BadInput: The code of one is not known, has changed since it was added, or cannot reach
            the workers.
    """
    for catalogue, named in _by_hand(study):
        what = f"the {catalogue.kind} '{named.name}'"
        target = catalogue[named.name].target
        found = source_of(target)
        if found is None:
            raise BadInput(
                f"the code of {what}, {target}, cannot be identified",
                f"define it in a file: {_how_to(_FILE)}",
            )
        if found != catalogue[named.name].plugin:
            raise BadInput(
                f"the code of {what}, {target}, is not what it was when it was added",
                "add it again, then load the suite again; restart Python if it was imported "
                "from a file that has changed",
            )
        if not is_here and not _folders(catalogue, named.name):
            raise BadInput(
                f"{what} is defined in this program ({target}), where no worker can import it",
                f"define it in a file: {_how_to(_FILE)}; or train in this process, with jobs=1",
            )


def is_only_here(study: Study) -> bool:
    """Whether a study uses entries that no other process can import."""
    return any(not _folders(catalogue, named.name) for catalogue, named in _by_hand(study))


def _how_to(file: str) -> str:
    return (
        f"`%%writefile {file}` above its cell, or move it to {file}, with the call of add; then "
        f"pb.load_plugins({file!r})"
    )


def _by_hand(study: Study) -> Iterator[Component]:
    components = (*components_of_study(study), *((PROBES, probe) for probe in study.probes))
    for catalogue, named in components:
        if named.name in catalogue.by_hand:
            yield catalogue, named


def _folders(catalogue: Catalogue[Any], name: str) -> Sequence[str]:
    """Return the folders to import the code of an entry from; none if some cannot be imported."""
    modules = {target.partition(":")[0] for target in catalogue[name].targets().values()}
    files = {module: module_file(module) for module in modules}
    roots = [import_root(module, file) for module, file in files.items() if file is not None]
    return tuple(dict.fromkeys(map(str, roots))) if len(roots) == len(files) else ()
