"""The one page model: what a report says, in order, before any mark-up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from poolbench.report.chart import Chart
from poolbench.report.table import Table


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page with a heading of its own.

    Args:
        title: The heading.
        words: Paragraphs below it.
        tables: Below the words.
        charts: Below the tables.
        commands: To copy, one a line.
        is_folded: Whether it is closed until the reader opens it; it prints open.
    """

    title: str
    words: tuple[str, ...] = ()
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
    """A report to be read from one file.

    Args:
        title: The heading, and the window's title.
        question: What the study asks, in one or two sentences.
        facts: Names and values worth knowing first: cells, seeds, source.
        sections: In order.
        footer: Tool and version.
    """

    title: str
    question: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: str
