"""The suites that ship, as an index: what each is for, how large it is, what it can show here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from poolbench.app import suites
from poolbench.app.study import CATALOGUES, data_root
from poolbench.core.experiment import kind_of
from poolbench.core.study import Study
from poolbench.data.presence import is_here
from poolbench.report.figures import NOTHING, count
from poolbench.report.table import Cell, Column, Table, words
from poolbench.suite.document import read_document
from poolbench.suite.faults import Faults
from poolbench.suite.load import load
from poolbench.suite.nodes import Node

_WORKS = ("paper", "post")
_PLACES = ("table", "figure", "figures", "section", "appendix", "theorem")


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A suite that ships.

    Args:
        name: As commands take it.
        kind: ``train``, or the experiment it describes.
        title: For people.
        source: Where its published numbers come from.
        study: What it trains; ``None`` for an experiment.
    """

    name: str
    kind: str
    title: str
    source: str
    study: Study | None


def shipped_suites() -> Iterator[Shipped]:
    """Yield every suite that ships; no data are looked at."""
    for name in suites.names():
        path = suites.find(name)
        document = read_document(path, None, (), Faults())
        kind = kind_of(document.entries)
        study = None
        if not kind:
            study = load(path, catalogues=CATALOGUES, fingerprint=lambda source: source.name)
        yield Shipped(
            name=name,
            kind=kind or "train",
            title=_text(document, "title"),
            source=_source(document),
            study=study,
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
        "can show here: whether the data are there, and whether so many seeds can reach p < alpha "
        "at all, corrected for the suite's comparisons; to reach it is not to have power"
    ]
    if tflops is not None:
        from poolbench.app.suite_cost import FlopCounts

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


def _row(suite: Shipped, root: Path | None) -> tuple[Cell, ...]:
    study = suite.study
    none = Cell(values=(None,), text=NOTHING)
    return (
        words(suite.name),
        words(suite.kind),
        words(suite.source),
        words(", ".join(study.datasets) if study else ""),
        Cell(values=(len(study.cells),), text=count(len(study.cells))) if study else none,
        Cell(values=(len(study.seeds),), text=str(len(study.seeds))) if study else none,
        words(_shows(study, root) if study else "everything (nothing is trained)"),
        words(suite.title),
    )


def _text(document: Node, key: str) -> str:
    return str(document.entries[key].value) if key in document.entries else ""


def _source(document: Node) -> str:
    """Return paper and place; where recipes and seeds come from is the suite's own affair."""
    source = document.entries.get("source")
    if source is None:
        return ""
    shown = {key: _text(source, key) for key in source.entries}
    paper = [text for key, text in shown.items() if key in _WORKS]
    return ", ".join(paper + [f"{key} {text}" for key, text in shown.items() if key in _PLACES])


def _shows(study: Study, root: Path | None) -> str:
    from poolbench.stats.floor import seeds_needed

    sources = {cell.data.source.name: cell.data.source for cell in study.cells}
    if missing := [name for name, source in sources.items() if not is_here(source, root)]:
        return f"nothing ({', '.join(missing)} missing)"
    variants = len(study.variants)
    if variants == 1:
        return "one variant, nothing to compare"
    pairs = variants - 1 if study.baseline else variants * (variants - 1) // 2
    needed = seeds_needed(study.analysis.alpha, pairs, paired=study.analysis.paired)
    if len(study.seeds) < needed:
        return f"no difference (that needs {needed} seeds)"
    return f"differences (that needs {needed} seeds)"


def _hours(value: float | None) -> Cell:
    if value is None:
        return Cell(values=(None,), text=NOTHING)
    shown = f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else "< 0.1"
    return Cell(values=(value,), text=shown)
