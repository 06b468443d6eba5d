"""Tables of text only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from poolbench.report.table import Column, Table, text_cell


def text_table(
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    notes: Sequence[str] = (),
) -> Table:
    """Return a table whose cells hold the text they show.

    Args:
        title: One line.
        heads: Titles of the columns, also their field names; a title may be empty.
        rows: A text for each column.
        notes: Sentences below the table.
    """
    return Table(
        title=title,
        columns=tuple(
            Column(title=head, fields=(head or f"column{index}",), is_text=True)
            for index, head in enumerate(heads)
        ),
        rows=tuple(tuple(text_cell(text) for text in row) for row in rows),
        notes=tuple(notes),
    )
