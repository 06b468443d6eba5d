"""Catalogues: names of operators, networks, data sets, ... that resolve to code on first use.

A catalogue maps a name to ``Entry("package.module:Attribute", ...)``. Reading it imports nothing,
so listing, completing and checking a suite do not load torch. A suite can name only an entry, never
a Python path.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from poolbench.core.code_source import loaded_source_of
from poolbench.core.entries import (
    DataEntry,
    EngineEntry,
    Entry,
    FormatEntry,
    ModelEntry,
    OperatorEntry,
    PictureEntry,
    ProbeEntry,
    SearchEntry,
    Site,
)
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.plugin_source import PluginSource, source_being_loaded

__all__ = [
    "Catalogue", "DataEntry", "EngineEntry", "Entry", "FormatEntry", "ModelEntry", "OperatorEntry",
    "PictureEntry", "ProbeEntry", "SearchEntry", "Site", "added_by", "take_back",
]  # fmt: skip


E = TypeVar("E", bound=Entry)


class Catalogue(Mapping[str, E], Generic[E]):
    """A family of names.

    Args:
        kind: Noun for one entry: ``"operator"``.
        entries: Entry by name.

    Raises:
        BadInput: By ``[]`` and ``resolve``: the name is unknown.
    """

    def __init__(self, kind: str, entries: Mapping[str, E]) -> None:
        self.kind = kind
        self._entries = dict(entries)
        self._by_hand: set[str] = set()

    def __getitem__(self, name: str) -> E:
        if not isinstance(name, str):
            raise BadInput(f"expected the name of one {self.kind}, got {name!r}")
        try:
            return self._entries[name]
        except KeyError:
            raise BadInput(
                f"unknown {self.kind} '{name}'", did_you_mean(name, self._entries)
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, name: str, entry: E) -> None:
        """Add an entry, as a plug-in or a program does.

        A program may add its own again, as the cell of a notebook does that is run again.

        Args:
            name: Its name in suites.
            entry: An entry of this catalogue's family.

        Raises:
            BadInput: The name is taken, which would make results ambiguous; or the entry is of
                another family, names no code, or has an invalid option.
        """
        source = source_being_loaded()
        is_again = (
            source is None and name in self.by_hand and self._entries[name].target == entry.target
        )
        if name in self._entries and not is_again:
            hint = "choose another name"
            raise BadInput(f"the {self.kind} '{name}' is already defined", hint)
        family = type(next(iter(self._entries.values()), entry))
        if not isinstance(entry, family):
            given = type(entry).__name__
            raise BadInput(f"the {self.kind} '{name}': expected {family.__name__}, got {given}")
        if fault := entry.fault() or self.clash(entry):
            raise BadInput(f"the {self.kind} '{name}': {fault}")
        self._entries[name] = replace(entry, plugin=source or loaded_source_of(entry.target))
        if source is not None:
            _added.setdefault(source, []).append((self, name))
            self._by_hand.discard(name)
        else:
            self._by_hand.add(name)

    @property
    def by_hand(self) -> frozenset[str]:
        """The names that the program itself added: no other process knows them."""
        return frozenset(self._by_hand & self._entries.keys())

    def clash(self, entry: E) -> str:  # noqa: ARG002
        """Return the conflict of an entry with another one, as text; empty for none."""
        return ""

    def resolve(self, name: str, part: str = "target") -> Any:
        """Import and return the code that a name stands for.

        Args:
            name: Name of an entry.
            part: Field of the entry that names the code.

        Raises:
            BadInput: A plug-in names code that does not exist.
        """
        entry = self[name]
        target = entry.targets()[part]
        module, _, attribute = target.partition(":")
        if entry.plugin is None:
            return getattr(importlib.import_module(module), attribute)
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise BadInput(
                f"the {part} of the {self.kind} '{name}', '{target}', cannot be loaded: {error}",
                f"correct it in the plug-in {entry.plugin.name}",
            ) from error


_added: dict[PluginSource, list[tuple[Catalogue[Any], str]]] = {}


def added_by(source: PluginSource) -> list[tuple[Catalogue[Any], str]]:
    """Return catalogue and name of each entry that a plug-in added."""
    return list(_added.get(source, ()))


def take_back(source: PluginSource) -> None:
    """Remove the entries that a plug-in added."""
    for catalogue, name in _added.pop(source, ()):
        del catalogue._entries[name]
