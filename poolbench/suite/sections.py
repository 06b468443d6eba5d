"""The parts of a suite that all variants share: data, seeds, analysis, execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolbench.core.catalogue import Catalogue, DataEntry, EngineEntry
from poolbench.core.cell import Precision
from poolbench.core.errors import did_you_mean
from poolbench.core.named import Named
from poolbench.core.study import Analysis, Execution
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser
from poolbench.suite.faults import Faults, Mark
from poolbench.suite.forms import read_form
from poolbench.suite.nodes import Node
from poolbench.suite.schema import (
    AnalysisForm,
    DataForm,
    ExecutionForm,
    PublishedForm,
    ResourcesForm,
    SeedListForm,
    SeedRangeForm,
)


@dataclass(frozen=True, kw_only=True)
class DataChoice:
    """One data set as the suite asks for it; its files have not been read yet."""

    source: Named
    entry: DataEntry
    mark: Mark
    limit: int | None
    validation: float
    fold: int
    augment: tuple[Named, ...]


def read_datasets(node: Node, catalogues: Catalogues, chooser: Chooser) -> tuple[DataChoice, ...]:
    """Check ``data``: one data set or a list of different ones.

    Returns:
        The valid data sets.
    """
    if node.is_list and not node.items:
        chooser.faults.add(node.mark, "data: expected at least one data set, got an empty list")
    found: dict[str, DataChoice] = {}
    for item in node.items if node.is_list else (node,):
        choice = _read_dataset(item, catalogues, chooser)
        if choice is None:
            continue
        if choice.source.name in found:
            first = found[choice.source.name].mark
            chooser.faults.add(
                choice.mark,
                f"the data set '{choice.source.name}' is given twice",
                f"first at {first}; tables tell data sets apart by name",
            )
        found[choice.source.name] = choice
    return tuple(found.values())


def _read_dataset(node: Node, catalogues: Catalogues, chooser: Chooser) -> DataChoice | None:
    chosen = chooser.choose_as(DataForm, catalogues.datasets, node)
    augment = node.entries.get("augment")
    nodes: tuple[Node, ...] = ()
    if augment is not None and augment.value is not None:
        nodes = augment.items if augment.is_list else (augment,)
    chain = [chooser.choose(catalogues.augmentations, item) for item in nodes]
    if chosen is None:
        return None
    return DataChoice(
        source=chosen.named,
        entry=chosen.entry,
        mark=chosen.mark,
        limit=chosen.form.limit,
        validation=chosen.form.validation,
        fold=chosen.form.fold,
        augment=tuple(link.named for link in chain if link is not None),
    )


def read_seeds(node: Node, faults: Faults) -> Sequence[int]:
    """Check ``seeds``: a count, a list of different seeds, or ``{count, start}``.

    Returns:
        The seeds; a range stays a ``range``, however long it is.
    """
    if not node.is_list:
        counted = read_form(SeedRangeForm, node.spelled_out("count"), "seeds", faults)
        return range(counted.start, counted.start + counted.count) if counted else ()
    listed = read_form(SeedListForm, node.under("values", is_implied=True), "seeds", faults)
    if listed is None:
        return ()
    seen: set[int] = set()
    for item, seed in zip(node.items, listed.values, strict=True):
        if seed in seen:
            faults.add(item.mark, f"seed {seed} is given twice", "each seed trains one network")
        seen.add(seed)
    return listed.values


def read_execution(
    node: Node | None, engines: Catalogue[EngineEntry], chooser: Chooser
) -> tuple[Execution, Precision]:
    """Check ``execution``.

    Args:
        node: The mapping, if the suite has one.
        engines: Where the name of an engine is looked up.
        chooser: Checks names and options, and collects faults.

    Returns:
        Where cells run, and the precision, which belongs to the recipe because it changes results.
    """
    form, resources, engine = ExecutionForm(), ResourcesForm(), None
    if node is not None:
        form = read_form(ExecutionForm, node, "execution", chooser.faults) or form
        if (asked := node.entries.get("resources")) is not None:
            read = read_form(ResourcesForm, asked, "execution.resources", chooser.faults)
            resources = read or resources
        if (wanted := node.entries.get("engine")) is not None and wanted.value is not None:
            engine = chooser.choose(engines, wanted)
            if engine is not None:
                _check_together(engines, engine.named, wanted, chooser.faults)
    execution = Execution(
        device=form.device,
        jobs=form.jobs,
        threads=form.threads,
        captured=form.captured,
        cudnn_benchmark=form.cudnn_benchmark,
        engine=None if engine is None else engine.named,
        gpu=resources.gpu,
        gpu_memory_mib=resources.memory,
    )
    return execution, form.precision


def _check_together(
    engines: Catalogue[EngineEntry], named: Named, node: Node, faults: Faults
) -> None:
    """Check options of an engine that depend on each other."""
    if not engines[named.name].check:
        return
    if (wrong := engines.resolve(named.name, "check")(named.options)) is not None:
        option, message, hint = wrong
        faults.add(node.at([option]).mark, f"{named.name}.{option}: {message}", hint)


def read_analysis(
    node: Node | None,
    datasets: Sequence[str],
    variants: Sequence[str],
    catalogues: Catalogues,
    faults: Faults,
) -> Analysis:
    """Check ``analysis``.

    Args:
        node: The mapping, if the suite has one.
        datasets: Names of the valid data sets.
        variants: Names of all variants.
        catalogues: Tells a data set of another profile from a misspelt one.
        faults: Where faults are collected.
    """
    if node is None:
        return Analysis()
    form = read_form(AnalysisForm, node, "analysis", faults) or AnalysisForm()
    published = node.entries.get("published")
    tables: dict[str, Mapping[str, tuple[float, float]]] = {}
    for dataset, part in _by_dataset(published, datasets, faults).items():
        table = _read_published(part, variants, faults)
        if dataset in datasets:
            tables[dataset] = table
        elif dataset not in catalogues.datasets:
            hint = did_you_mean(dataset, datasets)
            faults.add(part.key, f"published values for unknown data set '{dataset}'", hint)
    if variants and (planned := node.entries.get("planned")) is not None and form.planned:
        _check_planned(planned, form.planned, variants, faults)
    return Analysis(
        metric=form.metric,
        rule=form.rule,
        alpha=form.alpha,
        paired=form.test != "mann-whitney",  # "wilcoxon" is how older suites say "paired"
        margin=form.margin,
        planned=tuple(form.planned),
        published=tables,
    )


def _check_planned(
    node: Node, pairs: Sequence[tuple[str, str]], variants: Sequence[str], faults: Faults
) -> None:
    seen: set[frozenset[str]] = set()
    for item, pair in zip(node.items, pairs, strict=True):
        for name in pair:
            if name not in variants:
                hint = did_you_mean(name, variants)
                faults.add(item.mark, f"planned comparison with unknown variant '{name}'", hint)
        if pair[0] == pair[1]:
            hint = "name two variants"
            faults.add(item.mark, f"'{pair[0]}' cannot be compared with itself", hint)
        elif frozenset(pair) in seen:
            hint = "name each pair once"
            faults.add(item.mark, f"'{pair[0]}' and '{pair[1]}' are planned twice", hint)
        seen.add(frozenset(pair))


def _by_dataset(
    published: Node | None, datasets: Sequence[str], faults: Faults
) -> Mapping[str, Node]:
    if published is None or published.value is None:
        return {}
    if any(child.is_mapping for child in published.entries.values()):
        return published.entries
    if len(datasets) > 1:
        hint = f"nest the variants under a data set: {', '.join(datasets)}"
        faults.add(published.key, "published values for which data set?", hint)
    return dict.fromkeys(datasets[:1], published)


def _read_published(
    node: Node, variants: Sequence[str], faults: Faults
) -> Mapping[str, tuple[float, float]]:
    wrapped = node.under("values", is_implied=True)
    form = read_form(PublishedForm, wrapped, "analysis.published", faults)
    for name, child in node.entries.items():
        if variants and name not in variants:
            hint = did_you_mean(name, variants)
            faults.add(child.key, f"published value for unknown variant '{name}'", hint)
    return form.values if form else {}
