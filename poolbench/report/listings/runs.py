"""The table of a store's runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from poolbench.core.cell import Cell
from poolbench.core.record import Result
from poolbench.report.cells import optional
from poolbench.report.number_format import NOTHING, per_cent
from poolbench.report.table import Column, Table, TableCell, text_cell


@dataclass(frozen=True, kw_only=True)
class ListedRun:
    """A run to list.

    Args:
        id: Id of its cell.
        cell: Its cell; ``None`` if the run is damaged.
        result: Its result; ``None`` if the run is damaged.
        damage: What is wrong with a damaged run; empty for others.
    """

    id: str
    cell: Cell | None = None
    result: Result | None = None
    damage: str = ""


def runs_table(title: str, runs: Iterable[ListedRun]) -> Table:
    """Return a table with a line for each run, damaged ones included."""
    return Table(
        title=title,
        columns=(
            Column(title="run", fields=("id",), is_text=True),
            Column(title="cell", fields=("variant", "dataset", "seed"), is_text=True),
            Column(title="status", fields=("status",), is_text=True),
            Column(title="accuracy", fields=("accuracy",)),
        ),
        rows=tuple(_row(run) for run in runs),
    )


def _row(run: ListedRun) -> tuple[TableCell, ...]:
    cell, result = run.cell, run.result
    if cell is None or result is None:
        return (
            text_cell(run.id),
            TableCell(values=(None, None, None), text=run.damage),
            text_cell("damaged"),
            TableCell(values=(None,), text=NOTHING),
        )
    accuracy = result.accuracy if result.status == "ok" else None
    return (
        text_cell(run.id),
        TableCell(values=(cell.variant, cell.data.source.name, cell.seed), text=str(cell)),
        text_cell(result.status),
        optional(accuracy, lambda share: f"{per_cent(share)} %"),
    )
