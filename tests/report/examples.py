"""Small studies with made-up outcomes, and a table with every kind of cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from poolbench.core.cell import Cell
from poolbench.core.record import Result, Run, Timing
from poolbench.core.study import Study
from poolbench.report.table import Column, Table, TableCell, text_cell
from tests.cells import a_study

TOTAL = 200
HOSTILE = ("[red]x[/]", "<script>", "a_b%&#", "=1+1", "x|y", "\x1b[31m\u202e", "`$`^~\\{}*")

PLAIN = Table(
    title="Two variants",
    columns=(
        Column(title="variant", fields=("variant",), is_text=True),
        Column(title="accuracy %", fields=("mean", "std", "is_best")),
        Column(title="p", fields=("p",)),
    ),
    rows=(
        (
            text_cell("average"),
            TableCell(values=(0.5, math.nan, False), text="50.00"),
            TableCell(values=(None,), text="–"),
        ),
        (
            text_cell("lae_1"),
            TableCell(values=(0.95025, 0.0015, True), text="95.03 ± 0.15", is_bold=True, mark="*"),
            TableCell(values=(0.0286,), text="0.0286"),
        ),
    ),
    notes=("* best, 100 % sure",),
    detail={"bound": math.inf},
)

NAMED = Table(
    title="names " + " ".join(HOSTILE),
    columns=(
        Column(title="variant", fields=("variant",), is_text=True),
        Column(title="n", fields=("n",)),
    ),
    rows=tuple((text_cell(name), TableCell(values=(1,), text="1")) for name in HOSTILE),
    notes=HOSTILE,
)


def a_run(cell: Cell, correct: int | None, *, duration_s: float = 2.0) -> Run:
    """Return a run with so many of 200 images right; ``None`` for a diverged one."""
    return Run(
        cell=cell,
        result=Result(
            status="diverged" if correct is None else "ok",
            correct=correct or 0,
            total=TOTAL,
            test_loss=None if correct is None else 0.1,
            parameters=12_345,
            epochs=2,
        ),
        network=None if correct is None else "0" * 64,
        history=(),
        timings=(Timing(epoch=1, duration_s=duration_s, images=1000),),
        environment={},
        size_bytes=1_000_000,
    )


def finished(
    counts: Mapping[str, Sequence[int | str | None]], **analysis: object
) -> tuple[Study, dict[str, Run]]:
    """Return a study and its runs: correct images per seed, None = diverged, "-" = missing."""
    study = a_study(tuple(counts), seeds=max(len(row) for row in counts.values()))
    study = replace(study, analysis=replace(study.analysis, **analysis))  # type: ignore[arg-type]
    runs = {}
    for cell in study.cells:
        correct = counts[cell.variant][cell.seed]
        if not isinstance(correct, str):
            runs[cell.id] = a_run(cell, correct, duration_s=1.0 + cell.seed)
    return study, runs
