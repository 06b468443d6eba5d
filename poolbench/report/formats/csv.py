"""CSV: unrounded values, one column per field.

Text that a spreadsheet would treat as a formula is prefixed by an apostrophe. Several tables are
separated by an empty line, and their rows begin with the title.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from poolbench.report.table import Table, Value, printable

FORMULA_STARTS = ("=", "+", "-", "@")


def render(tables: Sequence[Table]) -> str:
    """Return the tables as CSV (RFC 4180, but with bare line feeds).

    Args:
        tables: At least one table.

    Returns:
        Header and rows; undefined numbers are empty fields.
    """
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    for index, table in enumerate(tables):
        if index:
            output.write("\n")
        several = len(tables) > 1
        writer.writerow(("table", *table.fields) if several else table.fields)
        for record in table.records:
            values = (table.title, *record.values()) if several else record.values()
            writer.writerow([_field(value) for value in values])
    return output.getvalue()


def literal(text: str) -> str:
    """Return text that a spreadsheet shows as it is, and never calculates."""
    shown = printable(text)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA_STARTS) else shown


def _field(value: Value) -> str:
    if isinstance(value, str):
        return literal(value)
    if value is None or math.isnan(value):
        return ""
    return str(value).lower()
