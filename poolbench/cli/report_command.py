"""``poolbench report``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import draw, emit
from poolbench.cli.study import read_study


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
    output: options.Output = None,
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
    from poolbench.app.report import Reading, charts, early_tables, stored_studies, tables

    reading = Reading(rule=rule, baseline=baseline, alpha=alpha, margin=margin)
    if suite is None:
        studies = stored_studies(store)
    else:
        study = read_study(
            suite,
            profile=profile,
            overrides=overrides,
            only=only,
            limit=limit,
            data_root=data_root,
            plugin=plugin,
        )
        studies = [study]
    shown = [table for study in studies for table in tables(study, store, reading)]
    if target is not None:
        shown += [
            table for study in studies for table in early_tables(study, store, reading, target)
        ]
    emit(shown, format, output)
    if figures is not None:
        for study in studies:
            # Studies may have charts of one name.
            folder = figures if len(studies) == 1 else figures / study.id
            draw(charts(study, store, reading), folder)
