"""Laying one part of a suite over another: ``extends``, profiles, ``--set`` and variants."""

from __future__ import annotations

from dataclasses import replace

from poolbench.suite.nodes import Node

DEVIATIONS = "deviations"
"""A list that grows: what a base discloses is true of what extends it too."""

NAMED = frozenset({"data", "model", "optimizer", "schedule", "search"})
"""Keys whose value is a catalogue name with options; the bare name is a shorthand."""


def lay(over: Node, base: Node | None, key: str = "") -> Node:
    """Return ``base`` with ``over`` laid on it.

    Mappings merge, at every depth; anything else replaces, but deviations add up (``null`` drops
    those of ``base``). Options belong to the name they are
    given with: if ``over`` names another optimizer, network, data set or operator, the options of
    the old one are dropped. If it gives options without a name, they are laid on the one that
    ``base`` names, and on each item if ``base`` lists several.

    Args:
        over: What wins.
        base: What it is laid on; ``None`` for nothing.
        key: The key of both.

    Returns:
        A tree whose leaves keep their marks.
    """
    if base is None:
        return over
    if key == DEVIATIONS and over.is_list and base.is_list:
        return replace(over, value=(*base.items, *over.items))
    if key in NAMED and over.is_mapping and "name" not in over.entries:
        if base.is_list:
            return replace(base, value=tuple(lay(over, item, key) for item in base.items))
        if isinstance(base.value, str):
            base = base.spelled_out("name")
    if not (over.is_mapping and base.is_mapping) or _is_renamed(over, base, key):
        return over
    entries = dict(base.entries)
    for name, child in over.entries.items():
        entries[name] = lay(child, entries.get(name), name)
    return replace(base, value=entries)


def _is_renamed(over: Node, base: Node, key: str) -> bool:
    name = over.entries.get("name")
    if name is None or not isinstance(name.value, str):
        return False
    if "name" not in base.entries:
        return key == "pools"
    return base.entries["name"].value != name.value
