"""The table of ``poolbench evaluate``: a trained network under each operator, without training."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poolbench.core.record import Result
from poolbench.core.same_networks import about_single, single_sites
from poolbench.core.study import Study
from poolbench.report.number_format import fixed, per_cent, points, probability
from poolbench.report.studies.starts import about_weights
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats.binomial import binomial_error
from poolbench.stats.changed_answers import ChangedAnswers
from poolbench.stats.holm import holm

_COLUMNS = (
    Column(title="pooling", fields=("pooling",), is_text=True),
    Column(title="accuracy %", fields=("accuracy", "correct", "total")),
    Column(title="change", fields=("change",)),
    Column(title="gained", fields=("gained",)),
    Column(title="lost", fields=("lost",)),
    Column(title="p (Holm)", fields=("p",)),
    Column(title="loss", fields=("test_loss",)),
)
_ABSENT = "—"


@dataclass(frozen=True, kw_only=True)
class EvaluatedRow:
    """A network under one pooling.

    Args:
        pooling: The operators, or that it is the network's own.
        result: What it makes of the test images; ``None`` if it is missing.
        changed: The answers that changed against its own pooling; ``None`` for that itself, and
            where either is missing.
    """

    pooling: str
    result: Result | None
    changed: ChangedAnswers | None


def evaluation_table(
    study: Study, *, rows: Sequence[EvaluatedRow], own: str, notes: Sequence[str] = ()
) -> Table:
    """Return a row for the network as it is, and one for each operator in place of its pooling.

    Args:
        study: What was evaluated.
        rows: The network's own pooling first.
        own: How that is named.
        notes: Further notes.
    """
    (dataset,) = study.datasets
    adjusted = holm([None if row.changed is None else row.changed.p for row in rows[1:]])
    return Table(
        title=f"{study.title} · {dataset} · test accuracy, nothing trained",
        columns=_COLUMNS,
        rows=tuple(_row(row, p) for row, p in zip(rows, [None, *adjusted], strict=True)),
        notes=(*about_weights(study, dataset), *_about(study, rows, own), *notes),
    )


def _row(row: EvaluatedRow, p: float | None) -> tuple[TableCell, ...]:
    result, changed = row.result, row.changed
    accuracy = math.nan if result is None else result.accuracy
    correct, total = (None, None) if result is None else (result.correct, result.total)
    is_known = result is not None and result.status == "ok"
    loss = None if result is None else result.test_loss
    told = _ABSENT if result is None else "diverged" if not is_known else per_cent(accuracy)
    change = None if changed is None else (changed.gained - changed.lost) / changed.total
    return (
        text_cell(row.pooling),
        TableCell(values=(accuracy if is_known else None, correct, total), text=told),
        TableCell(values=(change,), text="" if change is None else points(change)),
        *(
            TableCell(values=(count,), text="" if count is None else f"{count:,}")
            for count in ((None, None) if changed is None else (changed.gained, changed.lost))
        ),
        TableCell(values=(p,), text="" if p is None else probability(p)),
        TableCell(values=(loss,), text=_ABSENT if loss is None else fixed(loss, 3)),
    )


def _about(study: Study, rows: Sequence[EvaluatedRow], own: str) -> Iterator[str]:
    if single := single_sites(row.result.pooled or {} for row in rows if row.result is not None):
        yield about_single(single, study.cells[0].model.network.name)
    first = rows[0].result
    if first is not None and first.status == "ok":
        error = binomial_error(first.accuracy, first.total)
        yield (
            f"for this test set: {first.total:,} images, whose choice alone has a binomial "
            f"standard error of {100 * error:.2f} points at {per_cent(first.accuracy)} % accuracy"
        )
    yield (
        f"gained, lost: images that only the row, or only '{own}', classifies correctly; change: "
        "their difference in percentage points; p: McNemar's exact test, corrected for all rows"
    )
    yield (
        "the other layers were trained with the network's own pooling: what an operator costs here "
        "says nothing of what it gives after training with it"
    )
    same = [
        row.pooling
        for row in rows[1:]
        if row.changed is not None and row.changed.gained == row.changed.lost == 0
    ]
    if same:
        yield f"no answer turned right or wrong: {', '.join(same)}"
