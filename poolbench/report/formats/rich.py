"""The terminal's format: numbers are never cut off, names are never markup.

A table too wide for the terminal is split, and continues below with its first column repeated.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from poolbench.report.table import Table, TableCell, printable

READABLE_WIDTH = 100
MINIMUM_TEXT_WIDTH = 16
GAP = 3


def render(tables: Sequence[Table], width: int | None = None) -> str:
    """Return the tables as plain text.

    Args:
        tables: Any number.
        width: Characters per line; by default as wide as the widest table, at least 100.

    Returns:
        Text without control codes.
    """
    chosen = width or max([READABLE_WIDTH, *(natural_width(table) for table in tables)])
    output = io.StringIO()
    # In a notebook rich would show the text instead of writing it.
    console = Console(
        file=output, width=chosen, color_system=None, legacy_windows=False, force_jupyter=False
    )
    for index, table in enumerate(tables):
        if index:
            console.print()
        print_table(table, console)
    return "\n".join(line.rstrip() for line in output.getvalue().split("\n"))


def print_table(table: Table, console: Console) -> None:
    """Print a table on a console, within its width.

    Args:
        table: The table to print.
        console: The console, with its own colours and width.
    """
    console.print(renderable(table, console.width))


def renderable(table: Table, width: int) -> Group:
    """Return a table as a rich renderable, e.g. for a live display.

    Args:
        table: The table to show.
        width: Available characters per line.
    """
    parts: list[RenderableType] = [Text(printable(table.title), style="bold")]
    widths = [_width(table, index) for index in range(len(table.columns))]
    for chosen in _split(table, widths, width):
        parts += [Text(), _grid(table, chosen, widths, width)]
    notes = [Text(printable(note), style="dim") for note in table.notes]
    return Group(*parts, *([Text()] if notes else []), *notes)


def natural_width(table: Table) -> int:
    """Return the width of a table in which only titles wrap."""
    return sum(_width(table, index) + GAP for index in range(len(table.columns)))


def _split(table: Table, widths: Sequence[int], width: int) -> Iterator[tuple[int, ...]]:
    first = _least_width(table, widths, 0) + GAP
    part, used = [0], first
    for index in range(1, len(table.columns)):
        needed = _least_width(table, widths, index) + GAP
        if len(part) > 1 and used + needed > width:
            yield tuple(part)
            part, used = [0], first
        part.append(index)
        used += needed
    yield tuple(part)


def _grid(table: Table, chosen: Sequence[int], widths: Sequence[int], width: int) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    spare = width - sum(_least_width(table, widths, index) + GAP for index in chosen)
    fits = set()
    for index in chosen:
        least = _least_width(table, widths, index)
        granted = min(widths[index], least + max(0, spare))
        spare -= granted - least
        if granted == widths[index]:
            fits.add(index)
        column = table.columns[index]
        grid.add_column(
            Text(printable(column.title)),
            justify="left" if column.is_text else "right",
            width=granted,
            overflow="fold",
        )
    for row in table.rows:
        grid.add_row(*(_cell(row[index], fits=index in fits) for index in chosen))
    return grid


def _cell(cell: TableCell, *, fits: bool) -> Text:
    # Breaking lines is half the work of 10^5 rows.
    return Text(cell.marked_text, style="bold" if cell.is_bold else "", no_wrap=fits or None)


def _width(table: Table, index: int) -> int:
    words = printable(table.columns[index].title).split()
    cells = (row[index].marked_text for row in table.rows)
    return max([1, *map(cell_len, (*words, *cells))])


def _least_width(table: Table, widths: Sequence[int], index: int) -> int:
    width = widths[index]
    return min(width, MINIMUM_TEXT_WIDTH) if table.columns[index].is_text else width
