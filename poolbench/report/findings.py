"""What a report found: tables and charts that notebooks show and programs read."""

from __future__ import annotations

from dataclasses import dataclass

from poolbench.report import FORMATS
from poolbench.report.chart import Chart
from poolbench.report.table import Table


@dataclass(frozen=True, repr=False)
class Findings:
    """Tables and charts.

    As the last value of a notebook's cell it is shown as both; ``print`` shows the tables. A table
    has its ``title``, ``records`` (a dict for each row, unrounded), ``notes`` and ``detail``.

    Args:
        tables: The tables.
        charts: The charts, each with the ``name`` of its file.
    """

    tables: tuple[Table, ...]
    charts: tuple[Chart, ...] = ()

    def render(self, format: str = "rich") -> str:
        """Return the tables as text.

        Args:
            format: ``rich`` for plain text, ``markdown``, ``latex``, ``html``, ``csv``, ``json``.

        Raises:
            BadInput: The format is unknown.
        """
        if self.charts and FORMATS[format].with_charts:
            return str(FORMATS.resolve(format, "with_charts")(self.tables, self.charts))
        return str(FORMATS.resolve(format)(self.tables))

    def __repr__(self) -> str:
        return self.render().rstrip("\n")

    def _repr_html_(self) -> str:
        from poolbench.report.formats.notebook import render

        return render(self.tables, self.charts)
