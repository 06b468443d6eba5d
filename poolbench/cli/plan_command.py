"""``poolbench plan``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import emit
from poolbench.cli.study import load_study


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("plan")(plan)


@taking_groups
def plan(
    suite: options.SuiteArgument,
    *,
    selection: Selection,
    shard: options.ShardOption = None,
    device: options.Device = None,
    jobs: options.Jobs = None,
    gpus: Annotated[
        int | None,
        typer.Option("--gpus", min=1, help="Plan for a machine with so many GPUs, not this one."),
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Time a few training steps of every variant.")
    ] = False,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Show a suite's cells, what is done, the GPUs, time and disk it takes, and what it can show.

    Nothing is trained.
    """
    from poolbench.app.plan import plan as plan_study

    study = load_study(suite, selection)
    made = plan_study(
        study,
        selection.store,
        root=selection.data_root,
        device=device,
        jobs=jobs,
        gpus=gpus,
        measured=measure,
        shard=shard,
    )
    emit(made, format, output)
