"""``poolbench report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import draw, emit, tell
from poolbench.cli.study import read_studies
from poolbench.core.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("report")(report)


@taking_groups
def report(
    suite: options.OptionalSuite = None,
    *,
    selection: Selection,
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
            metavar="PATH",
            parser=options.path,
            help="FILE.html: a page; a folder: page, tables in every format, figures; "
            "another file: the tables; default: standard output.",
        ),
    ] = None,
    figures: options.Figures = None,
    target: Annotated[
        float | None,
        typer.Option(
            "--target", help="Also show when validation accuracy reached this, in (0, 1]."
        ),
    ] = None,
) -> None:
    """Print the results of a suite, or of every study in the store.

    Nothing is trained, and the store may be read-only.
    """
    from poolbench.app.bundle import write_bundle, write_page
    from poolbench.app.report import charts, tables
    from poolbench.app.results import Reading, read_results

    reading = Reading(rule=rule, baseline=baseline, alpha=alpha, margin=margin, target=target)
    studies = read_studies(suite, selection)
    is_page = output is not None and output.suffix.lower() in (".html", ".htm")
    if is_page and len(studies) > 1:
        raise BadInput(
            f"the store holds {len(studies)} studies, but a page holds one",
            "name a suite, or a folder for all of them with -o",
        )
    results = [read_results(study, selection.store, reading) for study in studies]
    if output is not None and is_page:
        tell(f"wrote {write_page(results[0], output)}")
    elif output is not None and (output.is_dir() or (format == "rich" and not output.suffix)):
        for path in write_bundle(results, output):
            tell(f"wrote {path}")
    else:
        emit([table for each in results for table in tables(each)], format, output)
    if figures is not None:
        for each in results:
            # Studies may have charts of the same name.
            folder = figures if len(results) == 1 else figures / each.study.id
            draw(charts(each), folder)
