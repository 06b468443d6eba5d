r"""LaTeX: booktabs tables with their notes, ready for ``\input``."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from poolbench.report.table import Table, TableCell, printable

PREAMBLE = "% needs \\usepackage{booktabs,graphicx}"

_SPELLINGS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        # Not \textquotedbl, which the default font encoding lacks.
        '"': r"{\char34}",
        # At the start of a row or an item a bracket would open an optional argument.
        "[": "{[}",
        "]": "{]}",
        "±": r"$\pm$",
        "−": "$-$",
        "×": r"$\times$",
        "·": r"$\cdot$",
        "≈": r"$\approx$",
        "▲": r"$\uparrow$",
        "▼": r"$\downarrow$",
        "†": r"$\dagger$",
        "‡": r"$\ddagger$",
        "∞": r"$\infty$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "–": "--",
        "—": "---",
        **{char: f"\\{char}" for char in "&%$#_{}"},
    }
)


def render(tables: Sequence[Table]) -> str:
    """Return the tables as LaTeX floats.

    Args:
        tables: Any number.

    Returns:
        Text for a document that loads the packages named in its first line. Non-Latin letters are
        left to the document's engine and fonts.
    """
    return "\n".join([PREAMBLE, *(_table(table) for table in tables)])


def escape(text: str) -> str:
    """Return text that LaTeX typesets literally."""
    return printable(text).replace("--", "-\0-").translate(_SPELLINGS).replace("\0", "{}")


def _table(table: Table) -> str:
    alignment = "".join("l" if column.is_text else "r" for column in table.columns)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape(table.title)}}}",
        # A table that fits keeps its size.
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        _row([_heading(table, index) for index in range(len(table.columns))]),
        r"\midrule",
        *(_row([_cell(cell) for cell in row]) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}}",
    ]
    if table.notes:
        notes = [rf"{escape(note)}\par" for note in table.notes]
        lines += [r"\par\smallskip", r"\begin{minipage}{\linewidth}\footnotesize\raggedright"]
        lines += [*notes, r"\end{minipage}"]
    return "\n".join([*lines, r"\end{table}", ""])


def _heading(table: Table, index: int) -> str:
    """Return a column's title, wrapped so that it is no wider than its cells."""
    column = table.columns[index]
    title = printable(column.title)
    texts = [*title.split(), *(row[index].marked_text for row in table.rows)]
    lines = [escape(line) for line in textwrap.wrap(title, max([1, *map(len, texts)]))]
    if len(lines) < 2:
        return "".join(lines)
    side, stack = "l" if column.is_text else "r", r" \\ ".join(lines)
    return rf"\shortstack[{side}]{{\strut {stack}}}"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell: TableCell) -> str:
    text = escape(cell.text)
    shown = rf"\textbf{{{text}}}" if cell.is_bold and text else text
    return f"{escape(cell.mark)} {shown}" if cell.mark else shown
