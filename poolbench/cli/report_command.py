"""``poolbench report``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import draw, emit
from poolbench.cli.study import read_studies

if TYPE_CHECKING:
    from poolbench.app.report import Reading
    from poolbench.core.study import Study


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("report")(report)


def report(
    suite: options.OptionalSuite = None,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    only: options.Only = None,
    limit: options.Limit = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    rule: options.Rule = None,
    baseline: options.Baseline = None,
    alpha: options.Alpha = None,
    margin: options.Margin = None,
    format: options.Format = "rich",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="FILE.html: a page; a folder: page, tables in every format, figures; "
            "another file: the tables.",
        ),
    ] = None,
    figures: options.Figures = None,
    target: Annotated[
        float | None,
        typer.Option(
            "--target", help="Show too how soon validation accuracy reached it, in (0, 1]."
        ),
    ] = None,
    plugin: options.Plugins = None,
) -> None:
    """Print the results of a suite, or of every study in the store.

    Nothing is trained, and the store may be read-only.
    """
    from poolbench.app.bundle import write_bundle
    from poolbench.app.report import Reading, charts, early_tables, tables

    reading = Reading(rule=rule, baseline=baseline, alpha=alpha, margin=margin, target=target)
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
    if output is not None and output.suffix.lower() in (".html", ".htm"):
        _write_page(studies, store, reading, output)
    elif output is not None and (output.is_dir() or (format == "rich" and not output.suffix)):
        for path in write_bundle(studies, store, reading, output):
            sys.stderr.write(f"wrote {path}\n")
    else:
        shown = [
            table
            for study in studies
            for made in (tables, early_tables)
            for table in made(study, store, reading)
        ]
        emit(shown, format, output)
    if figures is not None:
        for study in studies:
            # Studies may have charts of one name.
            folder = figures if len(studies) == 1 else figures / study.id
            draw(charts(study, store, reading), folder)


def _write_page(studies: Sequence[Study], store: Path, reading: Reading, output: Path) -> None:
    from poolbench.app.bundle import write_page
    from poolbench.core.errors import BadInput

    if len(studies) > 1:
        raise BadInput(
            f"the store holds {len(studies)} studies, a page one",
            "name a suite, or a folder for all of them with -o",
        )
    sys.stderr.write(f"wrote {write_page(studies[0], store, reading, output)}\n")
