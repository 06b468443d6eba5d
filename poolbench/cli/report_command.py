"""``poolbench report``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import check, draw, emit, tell
from poolbench.cli.study import load_studies, load_study, refuse_changes
from poolbench.core.errors import BadInput, closest

if TYPE_CHECKING:
    from poolbench.app.results import Reading


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("report")(report)


@taking_groups
def report(
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SUITE] [STORE|FILE.json]...",
            help="A suite file or name; default: every study in the store. Stores and frozen "
            "baselines, to show them in one table.",
        ),
    ] = None,
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
    images: Annotated[
        bool,
        typer.Option(
            "--images",
            help="Also compare variants over seeds and test images, and image by image. A page "
            "always does.",
        ),
    ] = False,
) -> None:
    """Print the results of a suite, or of every study in the store.

    Nothing is trained, and the store may be read-only. Stores and frozen baselines that are
    named are shown in one table, a line for each source, which says what is not comparable.
    """
    from poolbench.app.bundle import write_bundle, write_page
    from poolbench.app.changes import is_document
    from poolbench.app.report import charts, tables
    from poolbench.app.results import Reading, read_results
    from poolbench.app.sources import tables_of_sources

    reading = Reading(
        rule=rule,
        baseline=baseline,
        alpha=alpha,
        margin=margin,
        target=target,
        images=images or None,
    )
    suites = [name for name in named or () if not is_document(name)]
    _refuse_unknown(suites)
    suite = suites[0] if suites else None
    if sources := [name for name in named or () if is_document(name)]:
        _refuse_for_sources(reading, figures, selection)
        if suite is None:
            refuse_changes(selection)
        study = None if suite is None else load_study(suite, selection)
        check(format, output)
        emit(tables_of_sources(sources, study), format, output)
        return
    studies = load_studies(suite, selection)
    is_page = output is not None and output.suffix.lower() in (".html", ".htm")
    if is_page and len(studies) > 1:
        raise BadInput(
            f"the store holds {len(studies)} studies, but a page holds one",
            "name a suite, or a folder for all of them with -o",
        )
    results = [read_results(study, selection.store, reading) for study in studies]
    if output is not None and is_page:
        tell(f"wrote {write_page(results[0], output, selection.data_root)}")
    elif output is not None and (output.is_dir() or (format == "rich" and not output.suffix)):
        for path in write_bundle(results, output, selection.data_root):
            tell(f"wrote {path}")
    else:
        emit([table for each in results for table in tables(each)], format, output)
    if figures is not None:
        for each in results:
            # Studies may have charts of the same name.
            folder = figures if len(results) == 1 else figures / each.study.id
            draw(charts(each), folder)


def _refuse_unknown(suites: Sequence[str]) -> None:
    """Reject what is named and is neither a store nor a frozen baseline, if it is not one suite.

    Raises:
        BadInput: It is not.
    """
    from poolbench.app.suites import find, names

    for name in suites:
        try:
            is_suite = not find(name).is_dir()
        except BadInput:
            is_suite = False
        if not is_suite:
            close = closest(name, names())
            raise BadInput(
                f"{name} is no suite, no store and no frozen baseline (FILE.json)",
                (f"did you mean '{close}'? " if close else "")
                + "see poolbench list suites; a store is a folder that `poolbench train --store "
                "PATH` wrote",
            )
    if len(suites) > 1:
        hint = "name one suite, then stores and frozen baselines (FILE.json)"
        raise BadInput(f"{' and '.join(suites)} are {len(suites)} suites", hint)


def _refuse_for_sources(reading: Reading, figures: Path | None, selection: Selection) -> None:
    """Reject options that say how to train, test or draw the runs of one store.

    Raises:
        BadInput: Some are given.
    """
    asked = {
        **asdict(reading),
        "figures": figures,
        "profile": selection.profile,
        "set": selection.overrides or None,
        "limit": selection.limit,
    }
    if given := [f"--{name}" for name, value in asked.items() if value is not None]:
        raise BadInput(
            f"{' and '.join(given)} beside stores or frozen baselines",
            "each is shown as it was trained; `poolbench compare A B` tests one source against "
            "another, and `poolbench store merge` makes one store of several",
        )
