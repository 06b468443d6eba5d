"""``poolbench drift``."""

from __future__ import annotations

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import draw, emit
from poolbench.cli.study import load_studies


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("drift")(drift)


@taking_groups
def drift(
    suite: options.OptionalSuite = None,
    *,
    selection: Selection,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
) -> None:
    """Show where learned temperatures, exponents and mixing weights started and ended.

    Without SUITE, shows every study in the store. Nothing is trained, and no data are read.
    """
    from poolbench.app.drift import drift as drift_of
    from poolbench.app.results import read_results

    studies = load_studies(suite, selection)
    found = {study.id: drift_of(read_results(study, selection.store)) for study in studies}
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
