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
        typer.Argument(metavar="[OPERATOR]...", help="Operators; default: max, lae and average."),
    ] = None,
    matrix: Annotated[
        list[str] | None,
        typer.Option(
            "--matrix", metavar="ROWS", help="Such as '0.2,1.0;1.4,1.6'. Repeats, in one shape."
        ),
    ] = None,
    temperature: Annotated[
        list[float] | None,
        typer.Option("--temperature", help="Temperature of operators that have one. Repeats."),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option("--suite", help="A suite with a section `gradients`: file or name."),
    ] = None,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
) -> None:
    """Show each operator's value and derivatives on small matrices.

    By default on the two matrices of the LogAvgExp paper's figure 1, which differ by swapping 1.4
    and 1.6; the table shows how the derivatives change from the first matrix to the last.
    """
    from poolbench.app.gradients import gradients as gradients_of
    from poolbench.app.gradients import parse_matrix, settings_of
    from poolbench.core.errors import BadInput

    if suite is None:
        if profile is not None or overrides:
            raise BadInput("--profile and --set need a suite", "name one with --suite")
        matrices = [parse_matrix(text) for text in matrix or ()]
        settings = settings_of(operators or (), matrices, temperature or ())
        deviations: tuple[str, ...] = ()
    else:
        from poolbench.app.experiment import load_experiment

        if operators or matrix or temperature:
            raise BadInput("a suite has its own operators and matrices", "leave them out")
        experiment = load_experiment("gradients", suite, profile=profile, overrides=overrides or ())
        settings, deviations = experiment.settings, experiment.deviations
    table, chart = gradients_of(settings, deviations)
    emit([table], format, output, charts=[chart])
    if figures is not None:
        draw([chart], figures)
