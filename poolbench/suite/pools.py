"""Which operator sits at which site of a network."""

from __future__ import annotations

from collections.abc import Mapping

from poolbench.core.catalogue import ModelEntry, OperatorEntry, Site
from poolbench.core.errors import did_you_mean
from poolbench.core.named import Named
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser, Chosen
from poolbench.suite.nodes import Node
from poolbench.suite.schema import Choice, ModelForm

Network = Chosen[ModelEntry, ModelForm]


def read_pools(
    node: Node | None, network: Network, catalogues: Catalogues, chooser: Chooser
) -> Mapping[str, Named] | None:
    """Give every site of a network its operator.

    Args:
        node: One operator for all sites with a default, or a mapping from sites to operators; a
            site that is not named keeps its default, as does every site if it is ``None``.
        network: The network.
        catalogues: Where operators are looked up.
        chooser: Checks them.

    Returns:
        Site to operator, in forward order; ``None`` after adding at least one fault.
    """
    options = network.named.options
    is_by_site = node is not None and node.is_mapping and not _is_operator(node)
    named: Mapping[str, Node] = node.entries if node is not None and is_by_site else {}
    sites = network.entry.filled(options, named)
    if node is not None and not is_by_site:
        named = dict.fromkeys(sites, node)
    are_known = [_is_known(name, child, sites, network, chooser) for name, child in named.items()]
    pools: dict[str, Named] = {}
    for name, site in sites.items():
        operator = named.get(name, Node(value=site.default, mark=network.mark, key=network.mark))
        chosen = chooser.choose(catalogues.operators, operator)
        if chosen is not None and _fits(chosen, site, network, chooser):
            pools[name] = chosen.named
    return pools if all(are_known) and len(pools) == len(sites) else None


def _is_operator(node: Node) -> bool:
    name = node.entries.get("name")
    return name is not None and not name.is_mapping


def _is_known(
    name: str, node: Node, sites: Mapping[str, Site], network: Network, chooser: Chooser
) -> bool:
    if name in sites:
        return True
    model = network.named.name
    missing = next((site for site in network.entry.sites if site.name == name), None)
    hint = did_you_mean(name, sites)
    if missing is not None:
        hint = f"it exists with `{missing.needs}: true` in the options of {model}"
    chooser.faults.add(node.key, f"{model} has no site '{name}'", hint)
    return False


def _fits(
    chosen: Chosen[OperatorEntry, Choice], site: Site, network: Network, chooser: Chooser
) -> bool:
    if site.scope == "any" or site.scope in chosen.entry.scopes:
        return True
    only = " or ".join(chosen.entry.scopes)
    chooser.faults.add(
        chosen.mark,
        f"operator '{chosen.named.name}' does not fit site '{site.name}' of {network.named.name}: "
        f"it is {only} only, the site is {site.scope}",
        "give each site its operator: pools: {SITE: OPERATOR}",
    )
    return False
