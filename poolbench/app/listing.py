"""What there is to name in a suite, and on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from poolbench.app import suites
from poolbench.app.docstrings import docstring_table
from poolbench.core.catalogue import (
    Catalogue,
    DataEntry,
    Entry,
    ModelEntry,
    OperatorEntry,
)
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.experiment import kind_of
from poolbench.core.options import Option
from poolbench.data import AUGMENTATIONS, DATASETS
from poolbench.engines import ENGINES
from poolbench.models import MODELS
from poolbench.operators import OPERATORS
from poolbench.probes import PROBES
from poolbench.report import FORMATS
from poolbench.report.schemas import SCHEMAS, schema_text
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.store.documents import Damaged
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
    "formats": FORMATS,
    "engines": ENGINES,
}
FAMILIES = (*CATALOGUES, "suites", "runs", "schemas")


def list_family(family: str, store: Path) -> list[Table]:
    """Return a table of everything in a family.

    Args:
        family: ``operators``, ``models``, ..., ``suites`` or ``runs``.
        store: The store whose runs are meant.

    Raises:
        BadInput: There is no such family.
    """
    if family == "suites":
        return [_text_table("suites that ship", ("name", "for", "title"), _suites())]
    if family == "schemas":
        return [_text_table(family, ("name", "of"), list(SCHEMAS.items()))]
    if family == "runs":
        return [_runs(Store(store))]
    if family not in CATALOGUES:
        raise BadInput(
            f"there is nothing called '{family}' to list", did_you_mean(family, FAMILIES)
        )
    catalogue = CATALOGUES[family]
    rows = [(name, _facts(entry), entry.summary) for name, entry in catalogue.items()]
    table = _text_table(family, ("name", _FACTS.get(family, "options"), "summary"), rows)
    return [table]


def describe(family: str, name: str) -> list[Table]:
    """Return one entry in full, with its options and a line for a suite.

    Raises:
        BadInput: There is no such family or name.
    """
    if family not in CATALOGUES:
        raise BadInput(f"'{family}' has no entries to describe", did_you_mean(family, CATALOGUES))
    entry: Entry = CATALOGUES[family][name]
    facts = [("summary", entry.summary), *_details(entry)]
    if entry.reference:
        facts.append(("reference", entry.reference))
    facts += [("revision", str(entry.revision)), ("in a suite", _example(family, name, entry))]
    tables = [_text_table(name, ("", ""), facts)]
    if isinstance(entry, ModelEntry):
        from poolbench.assembly.sites import sites_table

        tables.append(sites_table(name))
    if entry.options:
        options = [
            (key, option.describe_range(), _default(option), option.help)
            for key, option in entry.options.items()
        ]
        tables.append(
            _text_table(f"options of {name}", ("option", "values", "default", "meaning"), options)
        )
    documented = docstring_table(name, entry.target)
    return tables if documented is None else [*tables, documented]


def _default(option: Option) -> str:
    return "required" if option.is_required else _yaml(option.default)


_FACTS = {"operators": "formula", "models": "sites", "data": "images"}


def _facts(entry: Entry) -> str:
    if isinstance(entry, OperatorEntry):
        return entry.formula
    if isinstance(entry, ModelEntry):
        return ", ".join(site.name for site in entry.sites)
    if isinstance(entry, DataEntry):
        return _images(entry)
    return ", ".join(entry.options)


def _details(entry: Entry) -> list[tuple[str, str]]:
    if isinstance(entry, OperatorEntry):
        facts = [("formula", entry.formula), ("scopes", ", ".join(entry.scopes))]
        return [*facts, ("learns", entry.learns)] if entry.learns else facts
    if isinstance(entry, ModelEntry):
        shape = "x".join(map(str, entry.input_shape)) if entry.input_shape else "any size"
        sites = (
            f"{site.name} ({site.scope}, default {site.default}"
            + (f", with {site.needs}: true)" if site.needs else ")")
            for site in entry.sites
        )
        return [("sites", "; ".join(sites)), ("parameters", entry.parameters), ("input", shape)]
    if isinstance(entry, DataEntry):
        facts = [("images", _images(entry)), ("checksum", entry.checksum)]
        return [(key, value) for key, value in [*facts, ("origin", entry.license)] if value]
    return []


def _images(entry: DataEntry) -> str:
    if entry.shape is None or entry.counts is None:
        return "as its options say" if entry.checksum else "as the files are"
    train, test = entry.counts
    return f"{train:,} + {test:,} of {'x'.join(map(str, entry.shape))}, {entry.num_classes} classes"


def _example(family: str, name: str, entry: Entry) -> str:
    shown = {
        key: "..." if option.is_required else option.default
        for key, option in entry.options.items()
        if option.is_required or option.default is not None
    }
    options = ", ".join(f"{key}: {_yaml(value)}" for key, value in shown.items())
    spec = f"{{name: {name}, {options}}}" if shown else name
    wrap: Mapping[str, Callable[[str], str]] = {
        "operators": lambda text: f"pools: {{head: {text}}}",
        "models": lambda text: f"model: {text}",
        "data": lambda text: f"data: {text}" if shown else f"data: {{name: {text}}}",
        "augmentations": lambda text: f"data: {{name: cifar10, augment: [{text}]}}",
        "optimizers": lambda text: f"recipe: {{optimizer: {text}}}",
        "schedules": lambda text: f"recipe: {{schedule: {text}}}",
        "probes": lambda _: f"probes: {{{name}: {{{options}}}}}",
        "formats": lambda text: f"poolbench report SUITE --format {text}",
        "engines": lambda text: f"poolbench train SUITE --engine {text}",
    }
    return wrap[family](spec)


_LONG = 12


def _yaml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, float) and len(str(value)) > _LONG:
        ratio = Fraction(value).limit_denominator(1000)
        return str(ratio) if float(ratio) == value else str(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _suites() -> list[tuple[str, str, str]]:
    def row(name: str) -> tuple[str, str, str]:
        lines = suites.find(name).read_text(encoding="utf-8").splitlines()
        title = next((line[6:].strip() for line in lines if line.startswith("title:")), "")
        return (name, kind_of(line.partition(":")[0] for line in lines) or "train", title)

    return [row(name) for name in suites.names()]


def _runs(store: Store) -> Table:
    columns = (
        Column(title="run", fields=("id",), is_text=True),
        Column(title="cell", fields=("variant", "dataset", "seed"), is_text=True),
        Column(title="status", fields=("status",), is_text=True),
        Column(title="accuracy", fields=("accuracy",)),
    )
    rows = []
    for cell_id in store.finished():
        try:
            commit = store.commit_of(cell_id)
        except Damaged as error:
            blank: tuple[None, ...] = (None, None, None)
            rows.append(
                (
                    text_cell(cell_id),
                    TableCell(values=blank, text=str(error)),
                    text_cell("damaged"),
                    TableCell(values=(None,), text="–"),
                )
            )
            continue
        cell, result = commit.cell, commit.result
        accuracy = result.accuracy if result.status == "ok" else None
        shown = "–" if accuracy is None else f"{100 * accuracy:.2f} %"
        rows.append(
            (
                text_cell(cell_id),
                TableCell(values=(cell.variant, cell.data.source.name, cell.seed), text=str(cell)),
                text_cell(result.status),
                TableCell(values=(accuracy,), text=shown),
            )
        )
    return Table(title=f"runs in {store.path}", columns=columns, rows=tuple(rows))


def _text_table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    columns = tuple(
        Column(title=head, fields=(head or f"column{index}",), is_text=True)
        for index, head in enumerate(heads)
    )
    return Table(
        title=title,
        columns=columns,
        rows=tuple(tuple(text_cell(text) for text in row) for row in rows),
    )
