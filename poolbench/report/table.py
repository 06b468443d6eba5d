"""The table model behind every format: cells for people and for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from poolbench.core.printable import SHOWN

# Control, format (including direction overrides), surrogate, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

Value = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Args:
        title: Title for people.
        fields: Names of the values of each of its cells, for programs.
        is_text: Whether it has text, which may wrap, instead of numbers, which may not.
    """

    title: str
    fields: tuple[str, ...]
    is_text: bool = False


@dataclass(frozen=True, kw_only=True)
class TableCell:
    """A cell of a table.

    Args:
        values: One value for each field of its column, unrounded; fractions, never per cent.
        text: Text for people.
        is_bold: Whether it is bold.
        mark: Sign next to the text, with the same meaning as bold.
    """

    values: tuple[Value, ...]
    text: str
    is_bold: bool = False
    mark: str = ""

    @property
    def marked_text(self) -> str:
        """The text after its mark, with visible control characters."""
        return printable(f"{self.mark} {self.text}" if self.mark else self.text)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, ready for any format.

    Args:
        title: Title, one line.
        columns: Columns in order; the first names the row.
        rows: Cells in the columns' order.
        notes: Sentences below the table.
        detail: Further JSON values for programs.

    Raises:
        ValueError: A row does not fit the columns, or two fields have the same name.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    notes: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(set(self.fields)) < len(self.fields):
            raise ValueError(f"fields of '{self.title}' are not unique: {self.fields}")
        expected = [len(column.fields) for column in self.columns]
        for row in self.rows:
            if [len(cell.values) for cell in row] != expected:
                raise ValueError(f"a row of '{self.title}' does not fit its columns: {row}")

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of all values of a row."""
        return tuple(name for column in self.columns for name in column.fields)

    @property
    def records(self) -> tuple[Mapping[str, Value], ...]:
        """The rows for programs: values by field name."""
        return tuple(
            dict(zip(self.fields, (v for cell in row for v in cell.values), strict=True))
            for row in self.rows
        )

    def _repr_pretty_(self, printer: Any, _is_cycle: bool) -> None:
        """Print the table where a notebook's cell can only be text."""
        from poolbench.report.formats.rich import render

        printer.text(render([self]).rstrip("\n"))

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        from poolbench.report.formats.notebook import render

        return render([self])

    def with_deviations(self, deviations: Sequence[str]) -> Table:
        """Return the table with what deviates from its source, as notes and for programs."""
        if not deviations:
            return self
        detail = {**self.detail, "deviations": list(deviations)}
        return replace(
            self,
            notes=(*self.notes, *(f"not as in the source: {text}" for text in deviations)),
            detail=detail,
        )

    def with_notes(self, notes: Iterable[str]) -> Table:
        """Return the table with further notes below its own."""
        return replace(self, notes=(*self.notes, *notes))


def text_cell(text: str, *, is_bold: bool = False, mark: str = "") -> TableCell:
    """Return a cell whose value is its text."""
    return TableCell(values=(text,), text=text, is_bold=is_bold, mark=mark)


def printable(text: str) -> str:
    """Make control and direction characters visible, so that no name can rewrite its table.

    Args:
        text: Any text.

    Returns:
        The text with each of them as a backslash escape; line ends and tabs are spaces.
    """
    if text.isascii() and text.isprintable():  # nearly always, of 10^5 rows
        return text
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char in "\n\r\t":
        return " "
    if unicodedata.category(char) in _UNPRINTABLE:
        if "\udc80" <= char <= "\udcff":  # a byte of a path
            return char.encode(errors=SHOWN).decode()
        return char.encode("unicode_escape").decode()
    return char
