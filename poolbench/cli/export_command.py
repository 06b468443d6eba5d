"""``poolbench export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.study import read_studies


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("export")(export)


def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder; made if need be.")],
    suite: options.OptionalSuite = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--as", help="csv (default), parquet or tensorboard. Repeats."),
    ] = None,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    only: options.Only = None,
    limit: options.Limit = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    plugin: options.Plugins = None,
) -> None:
    """Write every number of the store for other tools: a row a number, or TensorBoard's files."""
    from poolbench.app.export import export as export_studies

    studies = read_studies(
        suite,
        store=store,
        profile=profile,
        overrides=overrides,
        only=only,
        limit=limit,
        data_root=data_root,
        plugin=plugin,
    )
    written, damaged = export_studies(studies, store, output, kinds or ["csv"])
    for line in damaged:
        sys.stderr.write(f"{line}\n")
    for part in written:
        typer.echo(f"{part.path}: {part.count:,} {part.of}")
