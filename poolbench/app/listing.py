"""List and describe what suites and commands can name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from poolbench.app import suites
from poolbench.app.docstrings import docstring
from poolbench.core.catalogue import Catalogue, Entry, ModelEntry, SearchEntry
from poolbench.core.document import Damaged
from poolbench.core.errors import BadInput, EnvironmentFault, did_you_mean
from poolbench.core.experiment import kind_of
from poolbench.data import AUGMENTATIONS, DATASETS
from poolbench.engines import ENGINES
from poolbench.models import MODELS
from poolbench.operators import OPERATORS
from poolbench.probes import PROBES
from poolbench.report import FORMATS
from poolbench.report.listings.catalogue import entry_table, family_table, options_table
from poolbench.report.listings.docstring import docstring_table, in_short
from poolbench.report.listings.runs import ListedRun, runs_table
from poolbench.report.listings.searches import shared_options_table
from poolbench.report.listings.sites import sites_table
from poolbench.report.listings.text_table import text_table
from poolbench.report.schemas import SCHEMAS, schema_text
from poolbench.report.table import Table
from poolbench.search import SEARCHES
from poolbench.store.store import Store
from poolbench.training import OPTIMIZERS, SCHEDULES

__all__ = ["describe", "list_family", "schema_text"]

CATALOGUES: Mapping[str, Catalogue[Any]] = {
    "operators": OPERATORS,
    "models": MODELS,
    "data": DATASETS,
    "augmentations": AUGMENTATIONS,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "probes": PROBES,
    "searches": SEARCHES,
    "formats": FORMATS,
    "engines": ENGINES,
}
FAMILIES = (*CATALOGUES, "suites", "runs", "schemas")


def list_family(family: str, store: Path) -> list[Table]:
    """Return a table of everything in a family.

    Args:
        family: ``operators``, ``models``, ..., ``suites``, ``runs`` or ``schemas``.
        store: The store to list the runs of.

    Raises:
        BadInput: The family is unknown.
    """
    if family == "suites":
        return [text_table("suites that ship", ("name", "for", "title"), _suites())]
    if family == "schemas":
        return [text_table(family, ("name", "of"), list(SCHEMAS.items()))]
    if family == "runs":
        return [runs_table(f"runs in {store}", _runs(Store(store)))]
    if family not in CATALOGUES:
        raise BadInput(
            f"there is nothing called '{family}' to list", did_you_mean(family, FAMILIES)
        )
    return [family_table(family, CATALOGUES[family])]


def describe(family: str, name: str) -> list[Table]:
    """Return one entry in full, with its options and a line for a suite.

    Args:
        family: A family with a catalogue: ``operators``, ``models``, ...
        name: Name of the entry.

    Raises:
        BadInput: The family or the name is unknown.
    """
    if family not in CATALOGUES:
        raise BadInput(f"'{family}' has no entries to describe", did_you_mean(family, CATALOGUES))
    entry: Entry = CATALOGUES[family][name]
    if isinstance(entry, ModelEntry):
        tables = _of_network(name, entry)
    else:
        tables = [entry_table(family, name, entry)]
    if entry.options:
        tables.append(options_table(name, entry.options))
    if isinstance(entry, SearchEntry):
        tables.append(shared_options_table())
    if isinstance(entry, ModelEntry) and entry.finds_sites:
        return tables  # its code is the library's; ours only builds it
    text = docstring(entry.target)
    if isinstance(entry, SearchEntry):
        text = in_short(text)  # its rules are a page of prose
    return [*tables, docstring_table(name, text)] if text else tables


def _of_network(name: str, entry: ModelEntry) -> list[Table]:
    from poolbench.assembly.image_sizes import least_size_px
    from poolbench.assembly.sites import sites_of

    sites = sites_of(name)
    if sites.found is None:
        return [entry_table("models", name, entry), sites_table(sites)]
    # Of the groups that pools of any library may be in, those that this network has.
    groups = {site.group for site in sites.found} - {"stride"}
    least_px = least_size_px(name)
    has = replace(
        entry,
        sites=tuple(site for site in entry.sites if site.name in groups),
        input_shape=sites.image_shape if least_px is None else None,
    )
    return [entry_table("models", name, has, least_px=least_px), sites_table(sites)]


def _suites() -> list[tuple[str, str, str]]:
    def row(name: str) -> tuple[str, str, str]:
        lines = suites.find(name).read_text(encoding="utf-8").splitlines()
        title = next((line[6:].strip() for line in lines if line.startswith("title:")), "")
        return (name, kind_of(line.partition(":")[0] for line in lines) or "train", title)

    return [row(name) for name in suites.names()]


def _runs(store: Store) -> Iterator[ListedRun]:
    for cell_id in store.finished():
        try:
            commit = store.commit_of(cell_id)
        except (Damaged, EnvironmentFault) as error:
            yield ListedRun(id=cell_id, damage=str(error))
        else:
            yield ListedRun(id=cell_id, cell=commit.cell, result=commit.result)
