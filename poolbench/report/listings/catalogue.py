"""Tables of a catalogue's entries: a line for each, or one in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from poolbench.core.catalogue import (
    Catalogue,
    DataEntry,
    Entry,
    FormatEntry,
    ModelEntry,
    OperatorEntry,
    ProbeEntry,
)
from poolbench.core.options import Option
from poolbench.report.listings.text_table import text_table
from poolbench.report.table import Table


def family_table(family: str, catalogue: Catalogue[Any]) -> Table:
    """Return a table with a line for each entry of a catalogue.

    Args:
        family: Plural noun for its entries: ``operators``.
        catalogue: The entries.
    """
    rows = [(name, _facts(entry), entry.summary) for name, entry in catalogue.items()]
    return text_table(family, ("name", _FACTS.get(family, "options"), "summary"), rows)


def entry_table(family: str, name: str, entry: Entry, *, least_px: int | None = None) -> Table:
    """Return a table of the facts of one entry, with a line for a suite.

    Args:
        family: Plural noun for the catalogue's entries: ``operators``.
        name: Name of the entry.
        entry: The entry.
        least_px: The least side of images that a network is trained on, in pixels, if it is known.
    """
    facts = [("summary", entry.summary), *_details(entry, least_px)]
    if entry.reference:
        facts.append(("reference", entry.reference))
    if entry.plugin is not None:
        facts.append(("plug-in", str(entry.plugin)))
    facts += [("revision", str(entry.revision)), ("in a suite", _example(family, name, entry))]
    return text_table(name, ("", ""), facts)


def options_table(name: str, options: Mapping[str, Option]) -> Table:
    """Return a table of the options of an entry, with their values and defaults."""
    rows = [
        (
            key,
            option.describe_range(),
            _yaml(option.default),
            option.help,
        )
        for key, option in options.items()
    ]
    return text_table(f"options of {name}", ("option", "values", "default", "meaning"), rows)


_FACTS = {"operators": "formula", "models": "sites", "data": "images"}


def _facts(entry: Entry) -> str:
    if isinstance(entry, OperatorEntry):
        return entry.formula
    if isinstance(entry, ModelEntry):
        return ", ".join(site.name for site in entry.sites)
    if isinstance(entry, DataEntry):
        return _images(entry)
    return ", ".join(entry.options)


def _details(entry: Entry, least_px: int | None) -> list[tuple[str, str]]:
    if isinstance(entry, OperatorEntry):
        facts = [("formula", entry.formula), ("scopes", ", ".join(entry.scopes))]
        return [*facts, ("learns", entry.learns)] if entry.learns else facts
    if isinstance(entry, ModelEntry):
        shape = "any size" if least_px is None else f"at least {least_px} x {least_px}"
        if entry.input_shape:
            shape = f"{'x'.join(map(str, entry.input_shape))} only"
        sites = (
            f"{site.name} ({site.scope}, default {site.default or 'its own'}"
            + (f", with {site.needs}: true)" if site.needs else ")")
            for site in entry.sites
        )
        return [
            ("sites", "; ".join(sites) or "none"),
            ("parameters", entry.parameters),
            ("input", shape),
        ]
    if isinstance(entry, DataEntry):
        facts = [("images", _images(entry)), ("checksum", entry.checksum)]
        return [(key, value) for key, value in [*facts, ("origin", entry.license)] if value]
    if isinstance(entry, FormatEntry) and entry.suffix:
        return [("suffix", entry.suffix)]
    if isinstance(entry, ProbeEntry):
        return [("over", entry.axis)]
    return []


def _images(entry: DataEntry) -> str:
    if entry.shape is None or entry.counts is None:
        return "depends on the files" if entry.find else "depends on the options"
    train, test = entry.counts
    return f"{train:,} + {test:,} of {'x'.join(map(str, entry.shape))}, {entry.num_classes} classes"


def _example(family: str, name: str, entry: Entry) -> str:
    shown = {
        key: "..." if option.is_required else option.default
        for key, option in entry.options.items()
        if option.default is not None
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
        "searches": lambda text: f"search: {text}",
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
