"""The section ``contraction`` of a suite: networks, pairs of images, and operators."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from poolbench.core.catalogue import Catalogue, DataEntry, Entry, ModelEntry
from poolbench.core.contraction import (
    PLACES,
    BatchNorm,
    ContractionSettings,
    PairSource,
    Sweep,
)
from poolbench.core.errors import did_you_mean
from poolbench.core.options import BadValue
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser, Chosen
from poolbench.suite.faults import Faults
from poolbench.suite.forms import read_form
from poolbench.suite.nodes import Node
from poolbench.suite.schema import Choice, Form
from poolbench.suite.sections import read_seeds

E = TypeVar("E", bound=Entry)
C = TypeVar("C", bound=Choice)


Size = Annotated[int, Field(ge=1)]


class ContractionForm(Form):
    """The keys of the section."""

    model: Any = Field(description="a network, or a list of them")
    data: Any = Field(description="a data set, or a list of them")
    pools: Any = Field(description="an operator, or a list of them")
    pairs: int = Field(default=300, ge=2, le=30_000, description="whole number from 2 to 30000")
    seeds: Any = Field(description="how many, or a list, or {count: N, start: M}")
    batch_norm: BatchNorm = Field(default="batch", description="batch | running")
    sweep: Any = None
    accuracy_of: str = Field(default="", description="a suite of networks to train")
    published_accuracy: Any = None


class PairSourceForm(Choice):
    """One data set, and what is done to its images."""

    centred: bool = Field(default=True, description="true | false")
    shift: float = Field(default=0.0, description="number")
    published: Any = None


Network = Chosen[ModelEntry, Choice]
Source = Chosen[DataEntry, PairSourceForm]


class PublishedSimilaritiesForm(Form):
    """The source's mean cosine similarities of one data set."""

    values: dict[str, Annotated[float, Field(ge=-1, le=1)]] = Field(
        description="a cosine similarity in [-1, 1]"
    )


class PublishedAccuraciesForm(Form):
    """The source's test accuracies."""

    values: dict[str, Annotated[float, Field(ge=0, le=100)]] = Field(
        description="an accuracy in per cent"
    )


class SweepForm(Form):
    """A size that is varied."""

    over: Literal["pool_size", "image_size"] = Field(description="pool_size | image_size")
    values: tuple[Size, ...] = Field(min_length=3, description="at least three whole numbers >= 1")
    kernel_sizes: tuple[Size, ...] = Field(default=(), description="whole numbers >= 1")


def read_contraction(
    node: Node, catalogues: Catalogues, faults: Faults
) -> ContractionSettings | None:
    """Check the section.

    Args:
        node: The mapping under ``contraction``.
        catalogues: Where names are looked up.
        faults: Where faults are collected.

    Returns:
        The settings, or ``None`` after adding at least one fault.
    """
    form = read_form(ContractionForm, node, "contraction", faults)
    chooser, entries = Chooser(faults), node.entries
    networks = _choose(entries.get("model"), catalogues.models, Choice, chooser)
    sources = _choose(entries.get("data"), catalogues.datasets, PairSourceForm, chooser)
    pools = _choose(entries.get("pools"), catalogues.operators, Choice, chooser)
    seeds = read_seeds(entries["seeds"], faults) if "seeds" in entries else ()
    for network in networks.values():
        _check_network(network, list(sources.values()), faults)
    for pool in pools.values():
        if "global" not in pool.entry.scopes:
            message = f"operator '{pool.named.name}' cannot pool whole maps"
            faults.add(pool.mark, message, "the head of a network pools whole maps")
    published = [
        _read_published(item.entries.get("published"), pools, faults)
        for item in _items(entries.get("data"))
    ]
    accuracies = _read_accuracies(entries.get("published_accuracy"), networks, faults)
    sweep = _read_sweep(
        entries.get("sweep"), list(networks.values()), list(sources.values()), faults
    )
    if faults or form is None:
        return None
    return ContractionSettings(
        networks={label: network.named for label, network in networks.items()},
        data=tuple(
            PairSource(
                label=label,
                source=source.named,
                is_centred=source.form.centred,
                shift=source.form.shift,
                published=similarities,
            )
            for (label, source), similarities in zip(sources.items(), published, strict=True)
        ),
        pools={label: pool.named for label, pool in pools.items()},
        pairs=form.pairs,
        seeds=tuple(seeds),
        batch_norm=form.batch_norm,
        sweep=sweep,
        accuracy_of=form.accuracy_of,
        published_accuracy=accuracies,
    )


def _choose(
    node: Node | None, catalogue: Catalogue[E], base: type[C], chooser: Chooser
) -> Mapping[str, Chosen[E, C]]:
    """Return the valid choices, by label."""
    found: dict[str, Chosen[E, C]] = {}
    if node is not None and not _items(node):
        chooser.faults.add(node.mark, f"expected at least one {catalogue.kind}, got an empty list")
    for item in _items(node):
        chosen = chooser.choose_as(base, catalogue, item)
        if chosen is None:
            continue
        label = _label(chosen)
        if label in found:
            chooser.faults.add(chosen.mark, f"'{label}' is given twice")
        found[label] = chosen
    return found


def _items(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if node.is_list else (node,)


def _label(chosen: Chosen[E, C]) -> str:
    """Return a name with the options that are not its defaults: ``lae(temperature=4)``."""
    options = chosen.entry.options
    told = [
        f"{key}={_text(value)}"
        for key, value in chosen.named.options.items()
        if value != options[key].default
    ]
    if isinstance(chosen.form, PairSourceForm):
        told += [] if chosen.form.centred else ["not centred"]
        told += [f"{chosen.form.shift:+g}"] if chosen.form.shift else []
    return f"{chosen.named.name}({', '.join(told)})" if told else chosen.named.name


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _check_network(network: Network, sources: Sequence[Source], faults: Faults) -> None:
    name = network.named.name
    if not any(s.name == "head" and s.scope == "global" for s in network.entry.sites):
        message = f"{name} has no head that pools whole maps"
        faults.add(network.mark, message, "choose a network with the global site 'head'")
    wanted = network.entry.input_shape
    for source in sources:
        given = source.entry.shape
        if wanted is not None and given is not None and wanted != given:
            message = f"{name} does not take the images of {source.named.name}"
            faults.add(network.mark, message, "choose another network or data set")


def _read_published(
    node: Node | None, pools: Collection[str], faults: Faults
) -> Mapping[str, float]:
    if node is None:
        return {}
    known = (*PLACES, *pools)
    for name, child in node.entries.items():
        if name not in known:
            message = f"published similarity of unknown '{name}'"
            faults.add_unreadable(child.key, message, did_you_mean(name, known))
    wrapped = node.under("values", is_implied=True)
    form = read_form(PublishedSimilaritiesForm, wrapped, "published", faults)
    return form.values if form else {}


def _read_sweep(
    node: Node | None, networks: Sequence[Network], sources: Sequence[Source], faults: Faults
) -> Sweep | None:
    if node is None or node.value is None:
        return None
    form = read_form(SweepForm, node, "sweep", faults)
    if form is None:
        return None
    values = node.entries["values"]
    if any(a >= b for a, b in pairwise(form.values)):
        faults.add(values.mark, "sweep.values: expected ascending numbers")
    if form.kernel_sizes and len(form.kernel_sizes) != len(form.values):
        mark = node.entries["kernel_sizes"].mark
        faults.add(mark, f"sweep.kernel_sizes: expected {len(form.values)}, one for each value")
    for key, needs, chosen in _needs(form, networks, sources):
        if needs in chosen.entry.options:
            _check_varied(node.entries[key], needs, chosen, faults)
        else:
            message = f"{chosen.named.name} has no option '{needs}' for the sweep to vary"
            faults.add(chosen.mark, message, "leave it out, or sweep over something else")
    return Sweep(over=form.over, values=form.values, kernel_sizes=form.kernel_sizes)


def _needs(
    form: SweepForm, networks: Sequence[Network], sources: Sequence[Source]
) -> Iterator[tuple[str, str, Network | Source]]:
    """Yield the option that the sweep sets, the key it is set from, and the choice it is set in."""
    if form.over == "pool_size":
        yield from (("values", "group_size", network) for network in networks)
    else:
        yield from (("values", "size_px", source) for source in sources)
    if form.kernel_sizes:
        yield from (("kernel_sizes", "kernel_size", network) for network in networks)


def _check_varied(listed: Node, needs: str, chosen: Network | Source, faults: Faults) -> None:
    """Check the values of a sweep against the range of the option they replace."""
    for item in listed.items:
        try:
            chosen.entry.options[needs].check(item.plain())
        except BadValue as error:
            faults.add(item.mark, f"{chosen.named.name}.{needs}: {error.message}", error.hint)


def _read_accuracies(
    node: Node | None, networks: Iterable[str], faults: Faults
) -> Mapping[str, float]:
    """Return published accuracies as fractions, by network."""
    if node is None or node.value is None:
        return {}
    known = tuple(networks)
    for name, part in node.entries.items():
        if name not in known:
            message = f"published accuracy of unknown network '{name}'"
            faults.add(part.key, message, did_you_mean(name, known))
    wrapped = node.under("values", is_implied=True)
    form = read_form(PublishedAccuraciesForm, wrapped, "published_accuracy", faults)
    return {name: value / 100 for name, value in form.values.items()} if form else {}
