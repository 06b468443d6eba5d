"""``poolbench gradients``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import draw, emit


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("gradients")(gradients)


def gradients(
    operators: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OPERATOR]...", help="Default: max, lae and average."),
    ] = None,
    matrix: Annotated[
        list[str] | None,
        typer.Option(
            "--matrix", metavar="ROWS", help="Such as '0.2,1.0;1.4,1.6'. Repeats, in one shape."
        ),
    ] = None,
    temperature: Annotated[
        list[float] | None,
        typer.Option("--temperature", help="Of operators that have one. Repeats."),
    ] = None,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
    plugin: options.Plugins = None,
) -> None:
    """Show how operators share out credit: value and derivatives on small matrices.

    By default the two matrices of the LogAvgExp paper's figure 1, which differ by swapping 1.4 and
    1.6; the credit is followed from the first matrix to the last.
    """
    from poolbench.app.gradients import gradients as gradients_of
    from poolbench.app.gradients import parse_matrix
    from poolbench.app.plugins import load_plugins

    load_plugins(plugin or ())
    table, chart = gradients_of(
        operators or (), [parse_matrix(text) for text in matrix or ()], temperature or ()
    )
    emit([table], format, output)
    if figures is not None:
        draw([chart], figures)
