"""What ``poolbench evaluate`` is asked for: checked by the rules of a suite, without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from poolbench.core.catalogue import Site
from poolbench.core.named import Named
from poolbench.core.weights import IMAGENET, Normalisation, Weights
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser
from poolbench.suite.composer import compose_option
from poolbench.suite.faults import Faults
from poolbench.suite.nodes import Node
from poolbench.suite.pools import Network, read_pools
from poolbench.suite.schema import ModelForm
from poolbench.suite.sections import DataChoice, read_datasets
from poolbench.suite.spelling import Spelling, flag
from poolbench.suite.variants import check_shapes
from poolbench.suite.weights import read_normalise, without_tag


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options as they are typed.

    Args:
        checkpoint: The file of weights.
        model: A network, or a mapping of its name and options.
        data: A data set, likewise.
        pools: ``SITE=OPERATOR`` each, ``SITE`` for every operator there, or a mapping.
        trained_with: What the checkpoint was trained with, if not the network's own pools.
        normalise: ``imagenet``, ``data``, a mapping of mean and std; empty if the file tells it.
        sha256: What the file has to have; empty for any.
        limit: Most images of the data set; ``None`` for all.
    """

    checkpoint: str
    model: str
    data: str
    pools: Sequence[str] = ()
    trained_with: Sequence[str] = ()
    normalise: str = ""
    sha256: str = ""
    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A valid evaluation, before its files are read.

    Args:
        network: The network.
        data: The data set.
        weights: Its weights, whose file has not been looked for.
        pools: Operators by site, for each variant besides the network's own pooling.
        is_chosen: By variant, whether it was named; the others stand for every operator of a site,
            and one that does not fit is left out with the reason.
    """

    network: Named
    data: DataChoice
    weights: Weights
    pools: Mapping[str, Mapping[str, Named]]
    is_chosen: Mapping[str, bool]


def read_evaluation(asked: Asked, catalogues: Catalogues, spelled: Spelling = flag) -> Evaluation:
    """Check what was asked for.

    Args:
        asked: What was asked for.
        catalogues: What can be named.
        spelled: How messages name the options.

    Raises:
        BadInput: Something is invalid; the message lists every fault with its option.
    """
    faults = Faults()
    chooser = Chooser(faults)
    network = chooser.choose_as(
        ModelForm,
        catalogues.models,
        compose_option(asked.model, f"{spelled('model')} {asked.model}", faults),
    )
    data = compose_option(asked.data, f"{spelled('data')} {asked.data}", faults).spelled_out("name")
    if asked.limit is not None:
        limit = compose_option(str(asked.limit), f"{spelled('limit')} {asked.limit}", faults)
        data = Node(value={**data.entries, "limit": limit}, mark=data.mark, key=data.key)
    datasets = read_datasets(data, catalogues, chooser)
    for unused in ("augment", "validation", "fold"):
        if unused in data.entries:
            mark = data.entries[unused].key
            faults.add(mark, f"nothing is trained, so `{unused}` has no use", "leave it out")
    given = [(f"{spelled('trained_with')} {text}", text) for text in asked.trained_with]
    trained_with: dict[str, Named] = {}
    variants: dict[str, Mapping[str, Named]] = {}
    is_chosen: dict[str, bool] = {}
    if network is not None:
        check_shapes(network, datasets, faults)
        if network.form.weights is not None:
            faults.add(network.mark, "the weights are the checkpoint", "leave out `weights`")
        for typed, text in given:
            named = _by_site(text, typed, faults)
            trained_with |= read_pools(named, network, catalogues, chooser) or {}
        for text in asked.pools or ("head",):
            for name, pools, chosen in _variants(
                text, f"{spelled('pools')} {text}", network, catalogues, chooser
            ):
                variants.setdefault(name, pools)
                is_chosen[name] = chosen or is_chosen.get(name, False)
    normalisation, name = _normalisation(asked.normalise, spelled("normalise"), faults)
    if faults or network is None:
        raise faults.error()
    named_network, _ = without_tag(network.named)
    return Evaluation(
        network=named_network,
        data=datasets[0],
        weights=Weights(
            file=asked.checkpoint,
            sha256=asked.sha256.lower(),
            normalisation=normalisation,
            asked=name,
            pools=trained_with,
        ),
        pools=variants,
        is_chosen=is_chosen,
    )


def _normalisation(text: str, option: str, faults: Faults) -> tuple[Normalisation | None, str]:
    if text in ("", "data"):
        return None, text
    if text == "imagenet":
        return IMAGENET, text
    node = compose_option(text, f"{option} {text}", faults)
    return read_normalise(node, option, faults), "given"


def _variants(
    text: str, typed: str, network: Network, catalogues: Catalogues, chooser: Chooser
) -> Iterator[tuple[str, Mapping[str, Named], bool]]:
    is_site = "=" not in text and not text.lstrip().startswith("{")
    if not is_site:
        node = _by_site(text, typed, chooser.faults)
        pools = read_pools(node, network, catalogues, chooser)
        if pools is not None:
            chosen = {site: pools[site] for site in node.entries if site in pools}
            yield ", ".join(f"{site}={pool}" for site, pool in chosen.items()), chosen, True
        return
    mark = (
        compose_option("", typed, chooser.faults).mark
        if not text
        else compose_option(text, typed, chooser.faults).mark
    )
    sites = network.entry.filled(network.named.options, [text])
    site = sites.get(text)
    if site is None or not text:
        node = Node(value={text: Node(value="average", mark=mark, key=mark)}, mark=mark, key=mark)
        read_pools(node, network, catalogues, chooser)
        return
    for name in _operators_for(site, catalogues):
        node = Node(value={text: Node(value=name, mark=mark, key=mark)}, mark=mark, key=mark)
        pools = read_pools(node, network, catalogues, chooser)
        if pools is not None:
            yield f"{text}={pools[text]}", {text: pools[text]}, False


def _operators_for(site: Site, catalogues: Catalogues) -> Iterator[str]:
    for name, entry in catalogues.operators.items():
        fits = site.scope == "any" or site.scope in entry.scopes
        if fits and not any(option.is_required for option in entry.options.values()):
            yield name


def _by_site(text: str, typed: str, faults: Faults) -> Node:
    """Return ``{SITE: OPERATOR}`` for a mapping, or for ``SITE=OPERATOR``."""
    if text.lstrip().startswith("{"):
        return compose_option(text, typed, faults)
    site, equals, operator = text.partition("=")
    node = compose_option(operator, typed, faults) if equals else None
    if node is None or not site.strip():
        mark = compose_option("null", typed, faults).mark
        faults.stop(mark, "expected SITE=OPERATOR", "for example: head=lae")
    return node.under(site.strip())
