"""The table of a race by images/s."""

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
) -> Table:
    """Return a race's outcome: images/s of each contender, and its ratio to one of them.

    Args:
        title: Of the table.
        times: Seconds an image of each contender, round by round.
        reference: The contender whose images/s the others are divided by, round by round.
        notes: For the foot of the table.
    """
    return Table(
        title=title,
        columns=(
            Column(title="contender", fields=("contender",), is_text=True),
            Column(
                title="images/s", fields=("images_per_s", "images_per_s_low", "images_per_s_high")
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
