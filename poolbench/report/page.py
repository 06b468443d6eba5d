"""The page model: the content of a report, in order, without markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

from poolbench.report.chart import Chart
from poolbench.report.table import Table


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page with its own heading.

    Args:
        title: The heading.
        paragraphs: Paragraphs below it.
        tables: Tables below the paragraphs.
        charts: Charts below the tables.
        commands: Commands to copy, one per line.
        is_folded: Whether it is closed until the reader opens it; it is open in print.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    commands: tuple[str, ...] = ()
    is_folded: bool = False

    @property
    def anchor(self) -> str:
        """The heading as the target of a link."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A report in one file.

    Args:
        title: The heading, and the window's title.
        question: The question of the study, in one or two sentences.
        facts: Names and values to know first: cells, seeds, source.
        sections: Sections in order.
        footer: Tool and version.
    """

    title: str
    question: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: str
