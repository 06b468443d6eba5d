"""The table of seconds against size."""

from __future__ import annotations

from collections.abc import Iterable

from poolbench.core.benchmarks import Growth
from poolbench.report.number_format import fixed
from poolbench.report.table import Column, Table, TableCell, text_cell


def growth_table(works: Iterable[Growth], rounds: int) -> Table:
    """Return the table of seconds against size, with marginal cost and exponent.

    Args:
        works: Work at several sizes.
        rounds: Rounds at each size.
    """
    return Table(
        title="growth: seconds against size",
        columns=(
            Column(title="work", fields=("work",), is_text=True),
            Column(title="sizes", fields=("sizes",), is_text=True),
            Column(title="seconds", fields=("seconds",), is_text=True),
            Column(title="ms for one more", fields=("marginal_ms",)),
            Column(title="exponent", fields=("exponent",)),
        ),
        rows=tuple(_row(work) for work in works),
        notes=(
            f"median of {rounds} rounds, 1 thread; one more: the difference of the two largest "
            "sizes, per unit",
            "exponent: slope of log seconds over log size between the two largest sizes; 1 is "
            "linear, below 1 a constant part still matters",
        ),
    )


def _row(growth: Growth) -> tuple[TableCell, ...]:
    return (
        text_cell(f"{growth.work}, by {growth.unit}"),
        text_cell(" · ".join(f"{size:,}" for size in growth.sizes)),
        text_cell(" · ".join(f"{second:.3g}" for second in growth.seconds)),
        TableCell(values=(growth.marginal_ms,), text=f"{growth.marginal_ms:.3g}"),
        TableCell(values=(growth.exponent,), text=fixed(growth.exponent, 2)),
    )
