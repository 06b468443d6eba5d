"""LaTeX: booktabs tables with their notes, ready to be input."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.report.table import Cell, Table, printable

PREAMBLE = "% needs \\usepackage{booktabs,threeparttable}"

_SPELLINGS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
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
        Text for a document that loads the packages named in its first line. Letters beyond Latin
        are left to the document's engine and fonts.
    """
    return "\n".join([PREAMBLE, *(_table(table) for table in tables)])


def escape(text: str) -> str:
    """Return text that LaTeX typesets as it is."""
    return printable(text).replace("--", "-\0-").translate(_SPELLINGS).replace("\0", "{}")


def _table(table: Table) -> str:
    alignment = "".join("l" if column.is_text else "r" for column in table.columns)
    lines = [
        r"\begin{table}",
        r"\centering",
        r"\begin{threeparttable}",
        rf"\caption{{{escape(table.title)}}}",
        rf"\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        _row([escape(column.title) for column in table.columns]),
        r"\midrule",
        *(_row([_cell(cell) for cell in row]) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if table.notes:
        items = [rf"\item {escape(note)}" for note in table.notes]
        lines += [r"\begin{tablenotes}\footnotesize", *items, r"\end{tablenotes}"]
    return "\n".join([*lines, r"\end{threeparttable}", r"\end{table}", ""])


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    shown = rf"\textbf{{{text}}}" if cell.is_bold and text else text
    return f"{escape(cell.mark)} {shown}" if cell.mark else shown
