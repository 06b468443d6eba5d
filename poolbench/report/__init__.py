"""Results as tables, and tables as text: one file per format. Importing this imports none."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, Entry

FORMATS: Catalogue[Entry] = Catalogue(
    "format",
    {
        "rich": Entry(
            target="poolbench.report.formats.rich:render",
            summary="for people at a terminal; plain text in a file",
        ),
        "markdown": Entry(
            target="poolbench.report.formats.markdown:render",
            summary="pipe tables, for README files and issues",
        ),
        "latex": Entry(
            target="poolbench.report.formats.latex:render",
            summary="booktabs tables with notes, for papers",
        ),
        "html": Entry(
            target="poolbench.report.formats.html:render",
            summary="one file for a browser, without network or JavaScript",
        ),
        "csv": Entry(
            target="poolbench.report.formats.csv:render",
            summary="unrounded numbers, for spreadsheets and data frames",
        ),
        "json": Entry(
            target="poolbench.report.formats.json:render",
            summary="unrounded numbers, every per-seed value and test, for programs",
        ),
    },
)
"""Every entry resolves to ``render(tables: Sequence[Table]) -> str``."""

SUFFIXES = {".html": "html", ".md": "markdown", ".tex": "latex", ".csv": "csv", ".json": "json"}
"""The format for each suffix of a file's name."""
