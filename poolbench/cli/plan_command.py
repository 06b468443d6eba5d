"""``poolbench plan``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import emit
from poolbench.cli.study import read_study


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("plan")(plan)


def plan(
    suite: options.SuiteArgument,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    only: options.Only = None,
    limit: options.Limit = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    device: options.Device = None,
    jobs: options.Jobs = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Time a few real steps of every variant.")
    ] = False,
    format: options.Format = "rich",
    output: options.Output = None,
    plugin: options.Plugins = None,
) -> None:
    """Show a suite's cells, what is done, what the rest takes, and what it can show.

    Nothing is trained.
    """
    from poolbench.app.plan import plan as plan_study

    study = read_study(
        suite,
        profile=profile,
        overrides=overrides,
        only=only,
        limit=limit,
        data_root=data_root,
        plugin=plugin,
    )
    made = plan_study(study, store, root=data_root, device=device, jobs=jobs, measured=measure)
    emit(made, format, output)
