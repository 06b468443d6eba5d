"""Checking a whole suite: every section read, every fault collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolbench.core.errors import did_you_mean
from poolbench.core.gate import Gate
from poolbench.core.named import Named
from poolbench.core.search import SearchSpec
from poolbench.core.study import Analysis, Execution
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser
from poolbench.suite.faults import Faults
from poolbench.suite.forms import read_form
from poolbench.suite.gates import read_gates
from poolbench.suite.networks import read_networks
from poolbench.suite.nodes import Node
from poolbench.suite.probes import read_probes
from poolbench.suite.schema import SuiteForm
from poolbench.suite.search import read_search
from poolbench.suite.sections import (
    DataChoice,
    read_analysis,
    read_datasets,
    read_execution,
    read_seeds,
)
from poolbench.suite.variants import Variant, VariantReader

MAX_CELLS = 100_000


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A valid suite, before its data are read and its cells expanded."""

    form: SuiteForm
    datasets: tuple[DataChoice, ...]
    networks: tuple[str, ...]
    variants: tuple[Variant, ...]
    seeds: Sequence[int]
    probes: tuple[Named, ...]
    analysis: Analysis
    gates: tuple[Gate, ...]
    search: SearchSpec | None
    execution: Execution


def check(document: Node, catalogues: Catalogues, faults: Faults) -> Suite:
    """Check every section of a suite.

    Args:
        document: The suite, with profile and overrides applied.
        catalogues: The names it may use.
        faults: Faults found while reading; those found here are added.

    Returns:
        The suite.

    Raises:
        BadInput: There are faults; the message lists all of them.
    """
    chooser = Chooser(faults)
    entries = document.entries
    form = read_form(SuiteForm, document, "", faults)
    datasets = read_datasets(entries["data"], catalogues, chooser) if "data" in entries else ()
    seeds = read_seeds(entries["seeds"], faults) if "seeds" in entries else ()
    execution, precision = read_execution(entries.get("execution"), catalogues.engines, chooser)
    networks = read_networks(entries.get("model"), catalogues, chooser)
    variants = VariantReader(document, networks, precision, datasets, catalogues, chooser).read()
    labels = tuple(entries["variants"].entries) if "variants" in entries else ()
    names = [dataset.source.name for dataset in datasets]
    analysis = read_analysis(entries.get("analysis"), names, labels, catalogues, faults)
    probes = read_probes(entries.get("probes"), catalogues.probes, chooser)
    gates = read_gates(entries.get("gates"), labels, [probe.name for probe in probes], faults)
    search = read_search(entries.get("search"), datasets, variants, catalogues, chooser)
    baseline = entries.get("baseline")
    name = baseline.value if baseline is not None else None
    if baseline is not None and labels and isinstance(name, str) and name not in labels:
        hint = did_you_mean(name, labels)
        faults.add(baseline.mark, f"the baseline {baseline.described()} is not a variant", hint)
    if len(networks) > 1:
        _refuse_several(entries, faults)
    count = len(datasets) * len(networks) * len(labels) * len(seeds)
    if count > MAX_CELLS:
        faults.add(entries["seeds"].mark, f"{count:,} cells; a suite has at most {MAX_CELLS:,}")
    if faults or form is None:
        raise faults.error()
    return Suite(
        form=form,
        datasets=datasets,
        networks=tuple(networks),
        variants=variants,
        seeds=seeds,
        probes=probes,
        analysis=analysis,
        gates=gates,
        search=search,
        execution=execution,
    )


def _refuse_several(entries: Mapping[str, Node], faults: Faults) -> None:
    """Add a fault for what belongs to one network, in a suite that lists several."""
    analysis = entries["analysis"].entries if "analysis" in entries else {}
    published = analysis.get("published")
    if published is not None and published.value is not None:
        message = "published values of which network? `model` lists several"
        faults.add(published.key, message, "give the published one a suite of its own")
    search = entries.get("search")
    if search is not None and search.value is not None:
        message = "a search finds recipes for one network, and `model` lists several"
        faults.add(search.key, message, "name one: --set model=NAME")
