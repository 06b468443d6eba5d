"""Markdown: pipe tables as GitHub and others render them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from poolbench.report.table import Table, TableCell, printable

# A bracket is literal unless it opens a link; a sign is literal unless it starts a list or heading.
_MEANINGFUL = re.compile(r"[\\`*_<>|~#&$]|\[(?=[^\]]*\][(\[:])|^[-+=](?=\s)")


def render(tables: Sequence[Table]) -> str:
    """Return the tables as Markdown, each under its title.

    Args:
        tables: Any number.

    Returns:
        Text in which every name is shown literally.
    """
    return "\n".join(_table(table) for table in tables)


def escape(text: str) -> str:
    """Return text that Markdown shows literally."""
    return _MEANINGFUL.sub(lambda match: "\\" + match.group(), printable(text))


def _table(table: Table) -> str:
    lines = [f"### {escape(table.title)}", ""]
    lines.append(_row([escape(column.title) for column in table.columns]))
    lines.append(_row([":---" if column.is_text else "---:" for column in table.columns]))
    lines += [_row([_cell(cell) for cell in row]) for row in table.rows]
    if table.notes:
        lines += ["", *(f"- {escape(note)}" for note in table.notes)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: TableCell) -> str:
    text = escape(cell.text)
    shown = f"**{text}**" if cell.is_bold and text else text
    return f"{escape(cell.mark)} {shown}" if cell.mark else shown
