"""The table of findings on a machine."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.core.finding import Finding
from poolbench.report.listings.text_table import text_table
from poolbench.report.table import Table


def machine_table(findings: Sequence[Finding]) -> Table:
    """Return a table with a line for each finding."""
    return text_table(
        "poolbench on this machine",
        ("what", "level", "found", "advice"),
        [(item.what, item.level, item.detail, item.advice) for item in findings],
    )
