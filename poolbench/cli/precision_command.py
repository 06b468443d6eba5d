"""``poolbench precision``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import draw, emit


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("precision")(precision)


def precision(
    temperature: Annotated[
        list[float] | None,
        typer.Option("--temperature", help="A temperature; default: 1, 2, 4, ..., 1024. Repeats."),
    ] = None,
    side: Annotated[
        int, typer.Option("--side", min=2, max=256, help="Height and width of the maps, in pixels.")
    ] = 8,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
) -> None:
    """Show LogAvgExp's error in float16, float32 and float64, by formula and temperature.

    The suite lae/fig7-precision-imagenette128 and its siblings train networks with these settings.
    """
    from poolbench.app.precision import precision as precision_of

    tables, charts = precision_of(temperature or (), side)
    emit(tables, format, output, charts=charts)
    if figures is not None:
        draw(charts, figures)
