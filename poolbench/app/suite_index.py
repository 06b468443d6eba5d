"""An index of the built-in suites: kind, source, size, and what each can show here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from poolbench.app import suites
from poolbench.app.experiment import load_experiment
from poolbench.app.study import CATALOGUES
from poolbench.core.data_root import data_root
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.experiment import kind_of
from poolbench.core.shipped import Shipped
from poolbench.data.presence import is_here
from poolbench.report.table import Table
from poolbench.suite.document import read_document
from poolbench.suite.faults import Faults
from poolbench.suite.load import load
from poolbench.suite.nodes import Node

_WORKS = ("paper", "post")
_PLACES = ("table", "figure", "figures", "section", "appendix", "theorem", "theorems")


def shipped_suites() -> Iterator[Shipped]:
    """Yield every built-in suite, without looking for data."""
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
            deviations=tuple(
                str(sentence.value) for sentence in document.entries["deviations"].items
            )
            if "deviations" in document.entries
            else (),
        )


def describe_suite(name: str) -> Table:
    """Return one built-in suite in full.

    Raises:
        BadInput: There is no such suite.
    """
    from poolbench.report.listings.suites import suite_table

    found = {suite.name: suite for suite in shipped_suites()}
    if name not in found:
        raise BadInput(f"there is no built-in suite '{name}'", did_you_mean(name, found))
    return suite_table(found[name])


def suite_index(root: Path | None, *, tflops: float | None = None) -> Table:
    """Return a table of the built-in suites.

    Args:
        root: Folder of data sets.
        tflops: Throughput of a GPU in 10^12 operations per second, to estimate the hours each
            suite takes; ``None`` for no estimate. The estimate loads torch.
    """
    from poolbench.report.listings.suites import GpuHours, suites_table

    root = data_root(root)
    found = list(shipped_suites())
    missing = [
        [name for name, source in suite.data.items() if not is_here(source, root)]
        for suite in found
    ]
    if tflops is None:
        return suites_table(found, missing)
    from poolbench.assembly.flop_counts import FlopCounts

    counts = FlopCounts()
    operations = [counts.of(suite.study) if suite.study else None for suite in found]
    hours = [None if each is None else each / (tflops * 3.6e15) for each in operations]
    return suites_table(found, missing, GpuHours(tflops=tflops, of_suites=hours))


def _text(document: Node, key: str) -> str:
    return str(document.entries[key].value) if key in document.entries else ""


def _source(document: Node) -> str:
    """Return the paper, the place in it, and the table of the recipes."""
    source = document.entries.get("source")
    if source is None:
        return ""
    shown = {key: _text(source, key) for key in source.entries}
    paper = [text for key, text in shown.items() if key in _WORKS]
    places = [f"{key} {text}" for key, text in shown.items() if key in _PLACES]
    recipes = [f"recipes of {text}" for key, text in shown.items() if key == "hyperparameters"]
    return ", ".join(paper + places + recipes)
