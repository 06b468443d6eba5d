"""JSON: unrounded values and all statistics.

`poolbench list schemas tables` prints the JSON Schema of the document.

Undefined and infinite numbers are ``null``. ``detail`` of a results table is the document of
:mod:`poolbench.stats.document`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from poolbench.core.printable import shown_in_json
from poolbench.report.table import Table

SCHEMA = 1


def render(tables: Sequence[Table]) -> str:
    """Return the tables as one JSON document.

    Args:
        tables: Any number.

    Returns:
        Strict JSON, indented, with a final line feed.
    """
    document = {
        "schema": SCHEMA,
        "tables": [
            {
                "title": table.title,
                "columns": [{"title": c.title, "fields": c.fields} for c in table.columns],
                "rows": table.records,
                "notes": table.notes,
                "detail": table.detail,
            }
            for table in tables
        ],
    }
    text = json.dumps(_strict(document), indent=2, ensure_ascii=False, allow_nan=False)
    return shown_in_json(text) + "\n"


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
