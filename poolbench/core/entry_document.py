"""Catalogue entries as JSON documents, for processes that do not know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from poolbench.core.entries import Entry, Site
from poolbench.core.options import REQUIRED, Option
from poolbench.core.plugin_source import PluginSource

E = TypeVar("E", bound=Entry)

_KINDS: Mapping[str, type] = {kind.__name__: kind for kind in (float, int, bool, str)}


def entry_document(entry: Entry) -> dict[str, Any]:
    """Return an entry as a JSON document that :func:`read_entry` reads back."""
    document = _plain(entry)
    document["options"] = {name: _plain(option) for name, option in entry.options.items()}
    for option in document["options"].values():
        option["kind"] = option["kind"].__name__
        if option["default"] is REQUIRED:
            del option["default"]
    if entry.plugin is not None:
        document["plugin"] = _plain(entry.plugin)
    if "sites" in document:
        document["sites"] = [_plain(site) for site in document["sites"]]
    return document


def read_entry(family: type[E], document: Mapping[str, Any]) -> E:
    """Return the entry of a document of :func:`entry_document`.

    Args:
        family: Class of the entry.
        document: The document.
    """
    values = {key: _restored(value) for key, value in document.items()}
    values["options"] = {
        name: Option(**{**option, "kind": _KINDS[option["kind"]]})
        for name, option in values["options"].items()
    }
    if values["plugin"] is not None:
        values["plugin"] = PluginSource(**values["plugin"])
    if "sites" in values:
        values["sites"] = tuple(Site(**site) for site in values["sites"])
    return family(**values)


def _plain(item: Any) -> dict[str, Any]:
    return {field.name: getattr(item, field.name) for field in fields(item)}


def _restored(value: Any) -> Any:
    """Return a value of JSON with tuples for its lists."""
    if isinstance(value, list):
        return tuple(map(_restored, value))
    if isinstance(value, dict):
        return {key: _restored(child) for key, child in value.items()}
    return value
