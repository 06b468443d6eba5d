"""The ``model`` of a suite: one network, or a list of different ones, each with its label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from poolbench.core.comparability import shown
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser
from poolbench.suite.nodes import Node
from poolbench.suite.pools import Network
from poolbench.suite.schema import ModelForm


def read_networks(
    node: Node | None, catalogues: Catalogues, chooser: Chooser
) -> Mapping[str, Node]:
    """Check ``model`` as far as labels depend on it.

    Args:
        node: The section, if the suite has one.
        catalogues: Where networks are looked up.
        chooser: Checks them, and collects faults.

    Returns:
        The networks by label, in their order. A label is the name and, where several networks
        share it, the options in which they differ: ``wrn depth 16``. That of a single network is
        empty.
    """
    if node is None:
        return {}
    if node.is_list and not node.items:
        chooser.faults.add(node.mark, "model: expected at least one network, got an empty list")
    items = node.items if node.is_list else (node,)
    if len(items) == 1:
        return {"": items[0]}
    chosen = [(item, chooser.choose_as(ModelForm, catalogues.models, item)) for item in items]
    networks = [(item, network) for item, network in chosen if network is not None]
    named = Counter(network.named.name for _, network in networks)
    found: dict[str, Node] = {}
    for item, network in networks:
        name = network.named.name
        label = name
        if named[name] > 1:
            rest = [_options(*each) for each in networks if each[1].named.name == name]
            label = " ".join([name, *_differing(_options(item, network), rest)])
        if label in found:
            chooser.faults.add(
                network.mark,
                f"the network '{label}' is given twice",
                f"first at {found[label].mark}; tables tell networks apart by name and options",
            )
        found[label] = item
    return found


def _options(node: Node, network: Network) -> dict[str, Any]:
    """Return what a network is besides its name: its options, and what it starts from."""
    weights = node.entries.get("weights")
    if weights is not None and weights.is_mapping:
        weights = weights.entries.get("file")
    return {**network.named.options, "weights": None if weights is None else weights.plain()}


def _differing(options: Mapping[str, Any], rest: list[dict[str, Any]]) -> list[str]:
    return [
        f"{key} {shown(value)}"
        for key, value in options.items()
        if any(other[key] != value for other in rest)
    ]
