"""The table of built-in suites: kind, source, size, and what each can show here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from poolbench.core.experiment import KINDS
from poolbench.core.pairs import declared_pairs
from poolbench.core.shipped import Shipped
from poolbench.report.cells import optional
from poolbench.report.listings.text_table import text_table
from poolbench.report.number_format import count
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats.floor import seeds_needed

_COLUMNS = (
    Column(title="name", fields=("name",), is_text=True),
    Column(title="for", fields=("for",), is_text=True),
    Column(title="source", fields=("source",), is_text=True),
    Column(title="data", fields=("data",), is_text=True),
    Column(title="networks", fields=("cells",)),
    Column(title="seeds", fields=("seeds",)),
    Column(title="can show here", fields=("shows",), is_text=True),
    Column(title="title", fields=("title",), is_text=True),
)


@dataclass(frozen=True, kw_only=True)
class GpuHours:
    """An estimate of the GPU time of suites.

    Args:
        tflops: Sustained throughput of the GPU, in 10^12 operations per second.
        of_suites: Hours for each suite, all seeds together; ``None`` if unknown.
    """

    tflops: float
    of_suites: Sequence[float | None]


def suites_table(
    suites: Sequence[Shipped],
    missing: Sequence[Sequence[str]],
    hours: GpuHours | None = None,
) -> Table:
    """Return a table with a line for each suite.

    Args:
        suites: The built-in suites.
        missing: For each suite, the data sets that are not on this machine.
        hours: Estimated GPU time; ``None`` for no such column.
    """
    columns: tuple[Column, ...] = _COLUMNS
    rows = [_row(suite, lacking) for suite, lacking in zip(suites, missing, strict=True)]
    notes = [
        "networks: trained, or for contraction measured untrained; can show here: whether the data "
        "are on this machine, and whether that many seeds can reach p < alpha at all, corrected "
        "for the suite's comparisons; that alone does not mean enough power"
    ]
    if hours is not None:
        columns = (*columns[:6], Column(title="GPU hours", fields=("gpu_hours",)), *columns[6:])
        rows = [
            (*row[:6], optional(value, _hours), *row[6:])
            for row, value in zip(rows, hours.of_suites, strict=True)
        ]
        notes.append(
            f"GPU hours are an estimate: the convolutions and matrix products of training and "
            f"evaluation, counted by torch, at {hours.tflops:g} TFLOP/s sustained; for yours, pass "
            f"--tflops the rate from `poolbench bench networks`"
        )
    return Table(title="suites that ship", columns=columns, rows=tuple(rows), notes=tuple(notes))


def suite_table(suite: Shipped) -> Table:
    """Return a table of the facts of one suite, with what is not as in its source."""
    is_search = suite.study is not None and suite.study.search is not None
    command = "tune" if is_search else "train" if suite.kind == "train" else KINDS[suite.kind]
    facts = [("title", suite.title), ("for", suite.kind)]
    facts += [("source", suite.source)] if suite.source else []
    facts += [("data", ", ".join(suite.data))] if suite.data else []
    facts += [("networks", count(suite.networks))] if suite.networks is not None else []
    facts += [("seeds", count(suite.seeds))] if suite.seeds is not None else []
    facts += [("not as in the source", text) for text in suite.deviations]
    facts.append(("run", f"poolbench {command} {suite.name}"))
    return text_table(suite.name, ("", ""), facts)


def _row(suite: Shipped, missing: Sequence[str]) -> tuple[TableCell, ...]:
    return (
        text_cell(suite.name),
        text_cell(suite.kind),
        text_cell(suite.source),
        text_cell(", ".join(suite.data)),
        optional(suite.networks, count),
        optional(suite.seeds, count),
        text_cell(_shows(suite, missing)),
        text_cell(suite.title),
    )


def _shows(suite: Shipped, missing: Sequence[str]) -> str:
    study = suite.study
    # A contraction is measured on each data set alone; a study needs all of them.
    if missing and (study is not None or len(missing) == len(suite.data)):
        return f"nothing ({', '.join(missing)} missing)"
    if missing:
        return f"all but {', '.join(missing)} (missing)"
    if study is None:
        return "everything (nothing is trained)"
    variants = len(study.variants)
    if variants == 1:
        return "one variant, nothing to compare"
    declared = declared_pairs(study.variants, study.baseline, study.analysis.planned)
    pairs = len(declared) or variants * (variants - 1) // 2
    needed = seeds_needed(study.analysis.alpha, pairs, paired=study.analysis.paired)
    if len(study.seeds) < needed:
        return f"no difference (that needs {needed} seeds)"
    return f"differences (that needs {needed} seeds)"


def _hours(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else "< 0.1"
