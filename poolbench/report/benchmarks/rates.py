"""The table of a race in images/s, or in other units of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from poolbench.report.benchmarks.cells import ratios, spread
from poolbench.report.table import Column, Table, text_cell


def rate_table(
    title: str,
    times: Mapping[str, Sequence[float]],
    *,
    reference: str,
    notes: tuple[str, ...],
    unit: str = "images",
) -> Table:
    """Return the table of each contender's images/s, and their ratio to a reference.

    Args:
        title: Title of the table.
        times: Seconds per image of each contender, one value per round.
        reference: The contender whose images/s the others are divided by, round by round.
        notes: Notes below the table.
        unit: What is counted, in the plural.
    """
    return Table(
        title=title,
        columns=(
            Column(title="contender", fields=("contender",), is_text=True),
            Column(
                title=f"{unit}/s",
                fields=(f"{unit}_per_s", f"{unit}_per_s_low", f"{unit}_per_s_high"),
            ),
            Column(title="ratio", fields=("ratio", "ratio_low", "ratio_high")),
        ),
        rows=tuple(
            (
                text_cell(name),
                spread([1 / second for second in seconds], ",.0f"),
                spread(ratios(times[reference], seconds), ".3f"),
            )
            for name, seconds in times.items()
        ),
        notes=notes,
    )
