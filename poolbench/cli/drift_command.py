"""``poolbench drift``."""

from __future__ import annotations

import typer

from poolbench.cli import options
from poolbench.cli.output import draw, emit
from poolbench.cli.study import read_studies


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("drift")(drift)


def drift(
    suite: options.OptionalSuite = None,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    only: options.Only = None,
    limit: options.Limit = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
    plugin: options.Plugins = None,
) -> None:
    """Show where learned temperatures, exponents and mixing weights started, and where they went.

    Without SUITE, of every study in the store. Nothing is trained, and no data are read.
    """
    from poolbench.app.drift import drift as drift_of
    from poolbench.app.results import read_results

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
    found = {study.id: drift_of(read_results(study, store)) for study in studies}
    emit(
        [table for tables, _ in found.values() for table in tables],
        format,
        output,
        charts=[chart for _, charts in found.values() for chart in charts],
    )
    if figures is not None:
        for study_id, (_, charts) in found.items():
            # Charts are named after data sets, which studies share.
            draw(charts, figures / study_id if len(found) > 1 else figures)
