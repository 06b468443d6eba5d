"""Results as tables, and tables as text: one file per format. Importing this imports none."""

from __future__ import annotations

from poolbench.core.catalogue import FormatEntry
from poolbench.report.format_catalogue import FormatCatalogue

FORMATS = FormatCatalogue(
    "format",
    {
        "rich": FormatEntry(
            target="poolbench.report.formats.rich:render",
            summary="for people at a terminal; plain text in a file",
            suffix=".txt",
        ),
        "markdown": FormatEntry(
            target="poolbench.report.formats.markdown:render",
            summary="pipe tables, for README files and issues",
            suffix=".md",
        ),
        "latex": FormatEntry(
            target="poolbench.report.formats.latex:render",
            summary="booktabs tables with notes, for papers",
            suffix=".tex",
        ),
        "html": FormatEntry(
            target="poolbench.report.formats.html:render",
            summary="one file for a browser, without network or JavaScript",
            suffix=".html",
            with_charts="poolbench.report.formats.html:render_findings",
        ),
        "csv": FormatEntry(
            target="poolbench.report.formats.csv:render",
            summary="unrounded numbers, for spreadsheets and data frames",
            suffix=".csv",
        ),
        "json": FormatEntry(
            target="poolbench.report.formats.json:render",
            summary="unrounded numbers, every per-seed value and test, for programs",
            suffix=".json",
        ),
    },
)
"""Every entry resolves to ``render(tables: Sequence[Table]) -> str``."""
