"""``poolbench report``."""

from __future__ import annotations

import typer

from poolbench.cli import options
from poolbench.cli.output import emit
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
    plugin: options.Plugins = None,
) -> None:
    """Print the results of a suite, or of every study in the store.

    Nothing is trained, and the store may be read-only.
    """
    from poolbench.app.report import Reading, stored_studies, tables

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
    emit([table for study in studies for table in tables(study, store, reading)], format, output)
