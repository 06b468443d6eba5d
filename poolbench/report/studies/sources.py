"""The table of several sources: each condition of each of them, and whether it may be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from poolbench.core.counted import counted
from poolbench.core.gate import Loss
from poolbench.report.number_format import per_cent
from poolbench.report.studies.comparison_cells import counted_cell
from poolbench.report.studies.results import COMPARABLE, INCOMPARABLE
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import estimate

Standing = Literal["first", "comparable", "not comparable", "together"]


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One condition in one source, or the runs of several that are replicates of each other.

    Args:
        variant: Label in the suite.
        source: The file or store, as it was named; several, if ``together``.
        values: One value per seed, a fraction; NaN = diverged, ``None`` = missing.
        standing: What it is beside the first source that has the variant.
        lost: How many runs were lost, in each way.
        reasons: Why it is not comparable with the first: what differs.
        first: The source that it is held against.
    """

    variant: str
    source: str
    values: Sequence[float | None]
    standing: Standing
    lost: Mapping[Loss, int]
    reasons: tuple[str, ...] = ()
    first: str = ""


def sources_table(
    rows: Sequence[SourceRow], *, title: str, metric: str, notes: Sequence[str] = ()
) -> Table:
    """Return a table with a line for each row.

    Args:
        rows: The rows, those of a variant together and its first source first.
        title: Title, one line.
        metric: The metric of the values.
        notes: Further notes.
    """
    # One source alone is the first of every row, and has nothing beside it.
    is_alone = len({row.source for row in rows}) == 1 and {row.standing for row in rows} == {
        "first"
    }
    standing = Column(title="beside the first", fields=("standing",), is_text=True)
    return Table(
        title=title,
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="source", fields=("source",), is_text=True),
            Column(title="n", fields=("n", "n_diverged", "n_missing")),
            Column(title=f"{metric} %", fields=(f"{metric}_mean", f"{metric}_std")),
            *(() if is_alone else (standing,)),
        ),
        rows=tuple(
            _row(row) if is_alone else (*_row(row), text_cell(row.standing)) for row in rows
        ),
        notes=(
            f"{metric}: mean ± standard deviation (ddof 1) over the n finished seeds of one source",
            *_about_standing(rows),
            *_about_lost(rows),
            *notes,
        ),
        detail={
            "metric": metric,
            "not_comparable": [
                {
                    "variant": row.variant,
                    "source": row.source,
                    "with": row.first,
                    "reasons": list(row.reasons),
                }
                for row in rows
                if row.standing == INCOMPARABLE
            ],
        },
    )


def _row(row: SourceRow) -> tuple[TableCell, ...]:
    e = estimate(row.values)
    return (
        text_cell(row.variant),
        text_cell(row.source),
        counted_cell(e),
        TableCell(values=(e.mean, e.std), text=per_cent(e.mean, e.std)),
    )


def _about_standing(rows: Sequence[SourceRow]) -> Iterator[str]:
    if any(row.standing == "together" for row in rows):
        yield "together: every run of the comparable sources, once"
    told: dict[str, list[str]] = {}
    for row in rows:
        if row.standing == INCOMPARABLE:
            text = f"{row.source} with {row.first}: {'; '.join(row.reasons)}"
            told.setdefault(text, []).append(row.variant)
    for text, variants in told.items():
        yield f"{INCOMPARABLE} ({', '.join(variants)}), {text}"
    if not told and any(row.standing == COMPARABLE for row in rows):
        yield "every variant has the same data, network, recipe and revisions in each source"


def _about_lost(rows: Sequence[SourceRow]) -> Iterator[str]:
    signs = {"diverged": "† diverged, left out of the mean", "missing": "‡ missing"}
    estimates = [estimate(row.values) for row in rows]
    if any(e.n_diverged for e in estimates):
        yield signs["diverged"]
    if any(e.n_missing for e in estimates):
        yield signs["missing"]
    for row in rows:
        if count := row.lost.get("collapsed", 0):
            yield (
                f"{row.variant} of {row.source}: {counted(count, 'run')} collapsed; the mean mixes "
                "two kinds of run"
            )
