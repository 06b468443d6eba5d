"""``model: {weights: ...}``: what a network starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from poolbench.core.named import Named
from poolbench.core.weights import IMAGENET, Normalisation, Weights
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser
from poolbench.suite.faults import Faults
from poolbench.suite.forms import read_form
from poolbench.suite.nodes import Node
from poolbench.suite.pools import Network, read_pools
from poolbench.suite.schema import MeansForm, WeightsForm

_TIMM = "timm/"


def read_weights(
    network: Network, node: Node | None, catalogues: Catalogues, chooser: Chooser
) -> tuple[Named, Weights | None] | None:
    """Check the weights of a network.

    Args:
        network: The network. A timm name may end with the tag of its weights.
        node: The mapping of the model, whose ``weights`` are checked, or its name alone.
        catalogues: Where operators are looked up.
        chooser: Checks them, and collects faults.

    Returns:
        The network without a tag, and its weights, whose file has not been looked for; ``None``
        after adding at least one fault.
    """
    named, tag = without_tag(network.named)
    asked = node.entries.get("weights") if node is not None else None
    if asked is None or asked.value is None:
        if tag:
            chooser.faults.add(
                network.mark,
                f"'{network.named.name}' names weights, which it would not start from",
                f"for them: {{name: {named.name}, weights: {tag}}}; for random weights: "
                f"{named.name}",
            )
            return None
        return named, None
    if isinstance(asked.value, str):
        if tag and asked.value not in ("default", tag):
            chooser.faults.add(
                asked.mark,
                f"weights: '{asked.value}', but the name of the network says '{tag}'",
                f"name them once: {{name: {named.name}, weights: {tag}}}",
            )
            return None
        if not asked.value.strip():
            chooser.faults.add(asked.mark, "weights: expected a name or {file: ...}, got ''")
            return None
        return named, Weights(tag=tag or asked.value)
    weights = _of_file(asked, network, catalogues, chooser)
    return None if weights is None else (named, weights)


def without_tag(named: Named) -> tuple[Named, str]:
    """Return a network and the tag of weights in a name of timm; empty if there is none."""
    if not named.name.startswith(_TIMM):
        return named, ""
    name, _, tag = named.name.partition(".")
    return replace(named, name=name), tag


def _of_file(
    node: Node, network: Network, catalogues: Catalogues, chooser: Chooser
) -> Weights | None:
    form = read_form(WeightsForm, node, "weights", chooser.faults)
    if form is None:
        return None
    pools: Mapping[str, Named] | None = {}
    if (given := node.entries.get("pools")) is not None and given.value is not None:
        pools = read_pools(given, network, catalogues, chooser)
    asked: str = form.normalise if isinstance(form.normalise, str) else ""
    normalisation = IMAGENET if asked == "imagenet" else None
    if isinstance(form.normalise, Mapping):
        asked = "given"
        normalisation = read_normalise(
            node.entries["normalise"], "weights.normalise", chooser.faults
        )
        if normalisation is None:
            return None
    if pools is None:
        return None
    return Weights(
        file=form.file,
        sha256=form.sha256.lower(),
        asked=asked,
        normalisation=normalisation,
        pools=pools,
    )


def read_normalise(node: Node, name: str, faults: Faults) -> Normalisation | None:
    """Check ``{mean: [...], std: [...]}``.

    Args:
        node: The mapping.
        name: Its name in messages.
        faults: Where faults are collected.
    """
    means = read_form(MeansForm, node, name, faults)
    if means is None:
        return None
    if len(means.mean) != len(means.std):
        faults.add(
            node.mark,
            f"{name}: {len(means.mean)} means, but {len(means.std)} deviations",
            "give one of each by channel",
        )
        return None
    return Normalisation(mean=means.mean, std=means.std)
