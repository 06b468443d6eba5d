"""``poolbench export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import tell
from poolbench.cli.study import load_studies


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("export")(export)


@taking_groups
def export(
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            parser=options.path,
            help="Folder to write to; created if missing.",
        ),
    ],
    suite: options.OptionalSuite = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--as", help="csv, parquet, tensorboard, or optuna for a search; default: csv. Repeats."
        ),
    ] = None,
    *,
    selection: Selection,
) -> None:
    """Write every number in the store for other tools: one row each, or TensorBoard files."""
    from poolbench.app.export import export as export_studies

    studies = load_studies(suite, selection)
    written, left_out = export_studies(studies, selection.store, output, kinds or ["csv"])
    for line in left_out:
        tell(line)
    for part in written:
        typer.echo(f"{part.path}: {part.count:,} {part.of}")
