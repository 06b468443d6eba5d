"""The suites that ship, as an index: what each is for, how large it is, what it can show here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from poolbench.app import suites
from poolbench.app.experiment import load_experiment
from poolbench.app.study import CATALOGUES
from poolbench.core.cell import Named
from poolbench.core.contraction import ContractionSettings
from poolbench.core.data_root import data_root
from poolbench.core.experiment import kind_of
from poolbench.core.study import Study
from poolbench.data.presence import is_here
from poolbench.report.number_format import NOTHING, count
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.suite.document import read_document
from poolbench.suite.faults import Faults
from poolbench.suite.load import load
from poolbench.suite.nodes import Node

_WORKS = ("paper", "post")
_PLACES = ("table", "figure", "figures", "section", "appendix", "theorem", "theorems")


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A suite that ships.

    Args:
        name: As commands take it.
        kind: ``train``, or the experiment it describes.
        title: For people.
        source: Where its published numbers and its recipes come from.
        study: What it trains; ``None`` for an experiment.
        contraction: The untrained networks it measures; ``None`` for all others.
    """

    name: str
    kind: str
    title: str
    source: str
    study: Study | None
    contraction: ContractionSettings | None

    @property
    def data(self) -> dict[str, Named]:
        """What its images are from, by name."""
        if self.contraction is not None:
            return {pair.source.name: pair.source for pair in self.contraction.data}
        cells = self.study.cells if self.study else ()
        return {cell.data.source.name: cell.data.source for cell in cells}

    @property
    def seeds(self) -> int | None:
        """How many; ``None`` where there is no network."""
        having = self.study or self.contraction
        return len(having.seeds) if having else None

    @property
    def networks(self) -> int | None:
        """How many are trained, or measured untrained; ``None`` where there is none."""
        if self.contraction is not None:
            sizes = len(self.contraction.sweep.values) if self.contraction.sweep else 1
            setups = len(self.contraction.networks) * len(self.contraction.data) * sizes
            return setups * len(self.contraction.seeds)
        return len(self.study.cells) if self.study else None


def shipped_suites() -> Iterator[Shipped]:
    """Yield every suite that ships; no data are looked at."""
    for name in suites.names():
        path = suites.find(name)
        document = read_document(path, None, (), Faults())
        kind = kind_of(document.entries)
        study = contraction = None
        if not kind:
            study = load(path, catalogues=CATALOGUES, fingerprint=lambda source: source.name)
        elif kind == "contraction":
            contraction = load_experiment(kind, name).settings
        yield Shipped(
            name=name,
            kind=kind or "train",
            title=_text(document, "title"),
            source=_source(document),
            study=study,
            contraction=contraction,
        )


def suite_index(root: Path | None, *, tflops: float | None = None) -> Table:
    """Return the suites that ship.

    Args:
        root: Where data sets are.
        tflops: Throughput of a GPU, in 10^12 operations a second, for an estimate of the hours
            each suite takes; ``None`` for no estimate, which would load torch.
    """
    found = list(shipped_suites())
    columns: tuple[Column, ...] = (
        Column(title="name", fields=("name",), is_text=True),
        Column(title="for", fields=("for",), is_text=True),
        Column(title="source", fields=("source",), is_text=True),
        Column(title="data", fields=("data",), is_text=True),
        Column(title="networks", fields=("cells",)),
        Column(title="seeds", fields=("seeds",)),
        Column(title="can show here", fields=("shows",), is_text=True),
        Column(title="title", fields=("title",), is_text=True),
    )
    rows = [_row(suite, data_root(root)) for suite in found]
    notes = [
        "networks: trained, or for contraction measured untrained; can show here: whether the data "
        "are there, and whether so many seeds can reach p < alpha at all, corrected for the "
        "suite's comparisons; to reach it is not to have power"
    ]
    if tflops is not None:
        from poolbench.assembly.flop_counts import FlopCounts

        counts = FlopCounts()
        operations = [counts.of(suite.study) if suite.study else None for suite in found]
        hours = [None if each is None else each / (tflops * 3.6e15) for each in operations]
        columns = (*columns[:6], Column(title="GPU hours", fields=("gpu_hours",)), *columns[6:])
        rows = [(*row[:6], _hours(value), *row[6:]) for row, value in zip(rows, hours, strict=True)]
        notes.append(
            f"GPU hours are an estimate: the convolutions and matrix products of training and "
            f"evaluation, counted by torch, at {tflops:g} TFLOP/s sustained; for yours, give "
            f"--tflops what `poolbench bench networks` shows"
        )
    return Table(title="suites that ship", columns=columns, rows=tuple(rows), notes=tuple(notes))


def _row(suite: Shipped, root: Path | None) -> tuple[TableCell, ...]:
    return (
        text_cell(suite.name),
        text_cell(suite.kind),
        text_cell(suite.source),
        text_cell(", ".join(suite.data)),
        _optional(suite.networks),
        _optional(suite.seeds),
        text_cell(_shows(suite, root)),
        text_cell(suite.title),
    )


def _optional(number: int | None) -> TableCell:
    return TableCell(values=(number,), text=NOTHING if number is None else count(number))


def _text(document: Node, key: str) -> str:
    return str(document.entries[key].value) if key in document.entries else ""


def _source(document: Node) -> str:
    """Return paper and place, and the table of the recipes; its seeds are in the suite."""
    source = document.entries.get("source")
    if source is None:
        return ""
    shown = {key: _text(source, key) for key in source.entries}
    paper = [text for key, text in shown.items() if key in _WORKS]
    places = [f"{key} {text}" for key, text in shown.items() if key in _PLACES]
    recipes = [f"recipes of {text}" for key, text in shown.items() if key == "hyperparameters"]
    return ", ".join(paper + places + recipes)


def _shows(suite: Shipped, root: Path | None) -> str:
    from poolbench.stats.floor import seeds_needed

    missing = [name for name, source in suite.data.items() if not is_here(source, root)]
    study = suite.study
    # Every data set of a contraction is a row of its own; a study's cells are trained together.
    if missing and (study is not None or len(missing) == len(suite.data)):
        return f"nothing ({', '.join(missing)} missing)"
    if missing:
        return f"all but {', '.join(missing)} (missing)"
    if study is None:
        return "everything (nothing is trained)"
    variants = len(study.variants)
    if variants == 1:
        return "one variant, nothing to compare"
    pairs = variants - 1 if study.baseline else variants * (variants - 1) // 2
    needed = seeds_needed(study.analysis.alpha, pairs, paired=study.analysis.paired)
    if len(study.seeds) < needed:
        return f"no difference (that needs {needed} seeds)"
    return f"differences (that needs {needed} seeds)"


def _hours(value: float | None) -> TableCell:
    if value is None:
        return TableCell(values=(None,), text=NOTHING)
    shown = f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else "< 0.1"
    return TableCell(values=(value,), text=shown)
