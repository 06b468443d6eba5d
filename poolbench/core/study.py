"""A study: a checked suite and the cells it expands to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Annotated, Any, Literal

from annotated_types import Gt, Le

from poolbench.core.cell import Cell
from poolbench.core.comparability import Difference, FoundImages
from poolbench.core.document import Count, Facts, Finite, Level, Positive, Unread, parse, read_as
from poolbench.core.gate import Gate
from poolbench.core.named import Named
from poolbench.core.plugin_source import as_stored
from poolbench.core.search import SearchSpec

Metric = Literal["accuracy", "error"]
Rule = Literal["set", "paper", "holm"]


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """How the results are read.

    Args:
        metric: ``accuracy`` (higher is better) or ``error`` (lower is better), on the test split.
        rule: Which rows count as best: see ``poolbench.stats``.
        alpha: Significance level of every test, in (0, 1).
        paired: Whether seeds are blocks: variants with the same seed share data order and
            initialisation.
        margin: Equivalence margin in percentage points of the metric; ``None`` for no test.
        planned: Pairs of variants ``(a, b)`` to compare besides those with the baseline, declared
            before training.
        is_baseline_chosen: Whether the baseline is not the suite's but was chosen for a report,
            with the results at hand.
        is_pairing_chosen: Whether seeds became blocks only after some of the runs were trained.
        published: The source's (mean, standard deviation) in per cent, per data set and variant.
        differences: What differs from what ``published`` was measured with, or without published
            numbers from the suite's file.
    """

    metric: Metric = "accuracy"
    rule: Rule = "set"
    alpha: Level = 0.05
    paired: bool = False
    margin: Annotated[Finite, Gt(0)] | None = None
    planned: tuple[tuple[str, str], ...] = ()
    is_baseline_chosen: bool = False
    is_pairing_chosen: bool = False
    published: Mapping[str, Mapping[str, tuple[Finite, Finite]]] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()

    def incomparable(self, dataset: str, variant: str) -> tuple[str, ...]:
        """Return why a variant's published number is no yardstick; empty if it is one."""
        return tuple(
            difference.text
            for difference in self.differences
            if difference.dataset == dataset
            if variant in difference.variants and difference.is_incomparable
        )

    @property
    def lower_is_better(self) -> bool:
        """Whether smaller values of the metric are better."""
        return self.metric == "error"

    @property
    def margin_share(self) -> float | None:
        """The margin as a fraction, like the values; ``None`` for no test."""
        # Exactly: 0.7 / 100 is not the float nearest to 7 / 1000.
        return None if self.margin is None else float(Fraction(repr(self.margin)) / 100)


@dataclass(frozen=True, kw_only=True)
class Execution:
    """Where cells run, and how many at once; never part of a cell's identity.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        jobs: Worker processes; ``None`` for a default that depends on the device.
        threads: CPU threads of each worker. One is fastest for small networks and gives the same
            bits whatever ``jobs`` is.
        captured: Whether a GPU replays each training step as one CUDA graph.
        cudnn_benchmark: Whether cuDNN times its algorithms for each convolution and takes the
            fastest, instead of choosing by heuristics. The choice may differ between runs.
        engine: Where workers run; ``None`` for worker processes on this machine.
        gpu: Share of a GPU that a worker needs, in (0, 1].
        gpu_memory_mib: GPU memory that a worker may fill, in MiB; ``None`` for no limit.
    """

    device: str = "auto"
    jobs: Positive | None = None
    threads: Positive = 1
    captured: bool = False
    cudnn_benchmark: bool = False
    engine: Named | None = None
    gpu: Annotated[float, Gt(0), Le(1)] = 1.0
    gpu_memory_mib: Positive | None = None


@dataclass(frozen=True, kw_only=True)
class Study:
    """A checked suite: every cell, in the suite's order, and how to read the results.

    Args:
        title: For people.
        source: Where the published numbers come from: paper, table, figure.
        deviations: What is ours or differs from the source, a sentence each.
        origin: The file it was read from, as the user wrote it; empty for a suite without a file.
        profile: Name of the profile applied; empty for none.
        variants: Labels, in the suite's order.
        datasets: Data set names, in the suite's order.
        seeds: In the suite's order.
        baseline: Variant that the others are compared with; empty for none.
        probes: What is measured on its runs; not part of the study's id.
        gates: Conditions under which ``poolbench compare`` fails.
        search: How recipes are searched for; ``None`` for a suite without a search. Not part of
            the study's id.
        cells: One for each (network, data set, variant, seed).
        whole_cells: Every cell of the suite if ``--only`` selected ``cells`` from them; empty if
            they are all. Tests are over the whole suite, whichever of its rows are shown.
        analysis: How the results are read.
        execution: Where they run.
        arguments: Command-line arguments besides the suite, as typed.
        found: Images of each data set on the machine that read the suite, where they are known.
    """

    title: str
    origin: str
    variants: tuple[str, ...]
    datasets: tuple[str, ...]
    seeds: tuple[Count, ...]
    cells: tuple[Cell, ...]
    analysis: Analysis
    execution: Execution
    source: Facts = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    profile: str = ""
    baseline: str = ""
    probes: tuple[Named, ...] = ()
    gates: tuple[Gate, ...] = ()
    search: SearchSpec | None = None
    arguments: tuple[str, ...] = ()
    whole_cells: tuple[Cell, ...] = ()
    found: Mapping[str, FoundImages] = field(default_factory=dict)

    @property
    def whole(self) -> Study:
        """The study with every variant and seed of its suite."""
        if not self.whole_cells:
            return self
        return replace(
            self,
            variants=tuple(dict.fromkeys(cell.variant for cell in self.whole_cells)),
            seeds=tuple(dict.fromkeys(cell.seed for cell in self.whole_cells)),
            cells=self.whole_cells,
            whole_cells=(),
        )

    @property
    def heading(self) -> str:
        """The title, with the parts that are not the suite's: ``... (changed: recipe, data)``."""
        parts = dict.fromkeys(d.part for d in self.analysis.differences if d.is_incomparable)
        return f"{self.title} (changed: {', '.join(parts)})" if parts else self.title

    @property
    def id(self) -> str:
        """Name of the set of cells: a hash of their ids and labels, 12 hex digits."""
        named = sorted((cell.data.source.name, cell.variant, cell.id) for cell in self.cells)
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:12]

    @property
    def networks(self) -> tuple[str, ...]:
        """Labels of its networks, in the suite's order; ``("",)`` if the suite has one."""
        return tuple(dict.fromkeys(cell.network_label for cell in self.whole_cells or self.cells))

    @property
    def network(self) -> str:
        """Label of the network of a part; empty if the suite has one."""
        return "".join(self.networks)

    @property
    def parts(self) -> tuple[Study, ...]:
        """The study of each network alone, with the network in its title; itself if it has one.

        Variants are compared on one network and one data set at a time, so tables and charts are
        made of parts.
        """
        labels = self.networks
        return (self,) if len(labels) < 2 else tuple(self._of_network(label) for label in labels)

    def _of_network(self, label: str) -> Study:
        return replace(
            self,
            title=f"{self.title} · {label}",
            cells=tuple(cell for cell in self.cells if cell.network_label == label),
            whole_cells=tuple(cell for cell in self.whole_cells if cell.network_label == label),
        )

    def condition_on(self, dataset: str) -> str:
        """Return what variants are compared on, in words: ``wrn on digits``.

        Args:
            dataset: One of its data sets; it is the whole name if the suite has one network.
        """
        return " on ".join(filter(None, (self.network, dataset)))

    def conditions(self) -> Iterator[tuple[str, str, tuple[Cell, ...]]]:
        """Yield ``(data set, variant, its cells over the seeds)``, in the suite's order.

        Each network's have their own.
        """
        groups: dict[tuple[str, str, str], list[Cell]] = {}
        for cell in self.cells:
            key = cell.network_label, cell.data.source.name, cell.variant
            groups.setdefault(key, []).append(cell)
        for (_, dataset, variant), cells in groups.items():
            yield dataset, variant, tuple(cells)

    def cells_on(self, dataset: str) -> dict[str, tuple[Cell, ...]]:
        """Return each variant's cells on one data set, over the seeds, in the suite's order.

        Raises:
            ValueError: The study has several networks, whose cells are no replicates: ask one of
                its ``parts``.
        """
        if len(self.networks) > 1:
            raise ValueError(f"'{self.title}' has several networks: {', '.join(self.networks)}")
        return {variant: cells for name, variant, cells in self.conditions() if name == dataset}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document that :func:`read_study` reads back."""
        return as_stored(self)


def read_study(data: bytes | str, unread: Unread | None = None) -> Study:
    """Read a study back from :meth:`Study.to_json`; see :func:`poolbench.core.document.read_as`.

    Raises:
        Damaged: The document is not a study.
    """
    study = _sharing_parts(read_as(Study, data, unread))
    typed = tuple(_typed(study))
    if not typed or "differences" in parse(data)["analysis"]:
        return study
    return replace(study, analysis=replace(study.analysis, differences=typed))


def _sharing_parts(study: Study) -> Study:
    """Return a study whose seeds share the parts they have in common.

    Each part writes its identity once: of 50,000 cells in 0.3 s instead of 8.
    """
    return replace(
        study,
        cells=tuple(_shared(study.cells)),
        whole_cells=tuple(_shared(study.whole_cells)),
    )


def _shared(cells: Sequence[Cell]) -> Iterator[Cell]:
    last: Cell | None = None
    for cell in cells:
        if last is not None:  # the seeds of a variant follow one another
            cell = replace(
                cell,
                data=last.data if cell.data == last.data else cell.data,
                model=last.model if cell.model == last.model else cell.model,
                recipe=last.recipe if cell.recipe == last.recipe else cell.recipe,
            )
        yield cell
        last = cell


def _typed(study: Study) -> Iterator[Difference]:
    """Yield that a study was changed, if it was stored before differences were recorded."""
    is_changed = any(option != "--only" for option in study.arguments[::2])
    for dataset in study.datasets if is_changed else ():
        yield Difference(
            dataset=dataset,
            part="suite",
            text="stored before differences were recorded one by one",
            variants=study.variants,
        )
