"""HTML: one file that needs no network and no JavaScript, in light and dark and on paper.

All text is escaped by the template engine. A picture is in the file twice, for light and for
dark screens, each as a separate image, so that styles and ids cannot clash; its numbers are in a
table that opens below it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from poolbench.report.chart import Chart
from poolbench.report.charts.numbers import numbers_behind
from poolbench.report.page import Page, Section
from poolbench.report.table import Table, printable


def render(tables: Sequence[Table]) -> str:
    """Return tables as a page of their own."""
    return render_findings(tables, ())


def render_findings(tables: Sequence[Table], charts: Sequence[Chart]) -> str:
    """Return tables and, below them, charts as a page of their own."""
    title = tables[0].title if len(tables) == 1 else "poolbench"
    body = Section(title="", tables=tuple(tables), charts=tuple(charts))
    return render_page(Page(title=title, question="", facts=(), sections=(body,), footer=""))


def render_page(page: Page) -> str:
    """Return a page as the text of one HTML file."""
    return environment().get_template("page.html").render(page=page)


@cache
def environment() -> Environment:
    """Return what renders the templates; all text is escaped."""
    environment = Environment(
        loader=PackageLoader("poolbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A name may contain characters that rewrite its line; they are made visible.
        finalize=_shown,
    )
    environment.globals["picture"] = _picture
    environment.globals["numbers_behind"] = numbers_behind
    return environment


def _shown(value: object) -> object:
    return printable(value) if type(value) is str else value


def _picture(chart: Chart, *, is_dark: bool) -> str:
    """Return a chart as a data URL."""
    # matplotlib takes a second to load, and a page with only tables does not need it.
    from poolbench.report.charts.picture import svg

    image = base64.b64encode(svg(chart, is_dark=is_dark).encode()).decode()
    return f"data:image/svg+xml;base64,{image}"
