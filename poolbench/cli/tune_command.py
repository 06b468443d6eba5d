"""``poolbench tune``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Running, Selection, taking_groups
from poolbench.cli.output import check, draw, emit, tell
from poolbench.cli.progress import showing_progress
from poolbench.cli.study import load_study, settings_of
from poolbench.core.events import Event

_UNFINISHED = ("fold has no result", "folds have no result")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("tune")(tune)


@taking_groups
def tune(
    suite: options.SuiteArgument,
    *,
    selection: Selection,
    running: Running,
    download: options.Download = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write the tuned suite (.yaml), which `train` takes, or the tables (.html, .md, "
            ".csv, .json, ...).",
        ),
    ] = None,
    figures: options.Figures = None,
    format: options.Format = "rich",
) -> None:
    """Search for each variant's recipe, as the suite's `search` says, on the training split alone.

    Every variant gets the same budget. Run it again to continue: what was trained is not trained
    again, and the search takes the same path.
    """
    from poolbench.app.failures import refuse_failures
    from poolbench.app.report import FORMATS
    from poolbench.app.suites import command
    from poolbench.app.tune import Round, tuning_charts, tuning_tables
    from poolbench.app.tune import tune as tune_study
    from poolbench.app.tuned_suite import about_untuned, check_target, write_tuned_suite

    is_suite = output is not None and output.suffix in (".yaml", ".yml")
    tables_to = None if is_suite else output
    check(format, tables_to)
    study = load_study(suite, selection, download=download)
    settings = settings_of(selection, running, download=download)

    def showing(now: Round) -> AbstractContextManager[Callable[[Event], None]]:
        if not running.quiet:
            tell(str(now))
        return showing_progress(now.folds, quiet=running.quiet)

    if is_suite and output is not None:
        check_target(study, output)
    tuned = tune_study(study, settings, showing)
    if not running.quiet:
        tell(f"{tuned} (store {selection.store})")
    if not any(each.history for each in tuned.searches):
        refuse_failures(tuned.failed, _UNFINISHED)
    has_charts = figures is not None or FORMATS[format].with_charts or tables_to is not None
    charts = tuning_charts(study, tuned.searches) if has_charts else []
    if figures is not None:
        draw(charts, figures)
    tables = tuning_tables(study, tuned.searches, selection.store, selection.data_root)
    emit(tables, format, tables_to, charts=charts)
    if is_suite and output is not None and tuned.is_finished:
        write_tuned_suite(study, tuned.searches, output)
        made = replace(study, origin=str(output), arguments=())
        following = command("train", made, selection.store, selection.data_root)
        if told := about_untuned(study):
            tell(f"{output}: {told}")
        tell(f"{output}: the tuned suite; compare with: {following}")
    refuse_failures(tuned.failed, _UNFINISHED)
