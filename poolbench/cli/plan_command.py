"""``poolbench plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import emit
from poolbench.cli.study import load_study
from poolbench.core.errors import BadInput
from poolbench.core.percentage_points import share_of_points

if TYPE_CHECKING:
    from poolbench.app.power import Gap


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
    gap: Annotated[
        str | None,
        typer.Option(
            "--gap",
            metavar="POINTS",
            help="Also say how many seeds show a gap of so many percentage points, such as 0.5pp, "
            "with 80 % power; with --sd or --pilot.",
        ),
    ] = None,
    sd: Annotated[
        str | None,
        typer.Option(
            "--sd",
            metavar="POINTS",
            help="Standard deviation of a variant's accuracy over seeds, such as 0.3pp.",
        ),
    ] = None,
    pilot: Annotated[
        bool,
        typer.Option("--pilot", help="Estimate the spread from the suite's runs in the store."),
    ] = False,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Show a suite's cells, what is done, the GPUs, time and disk it takes, and what it can show.

    Nothing is trained.
    """
    from poolbench.app.plan import plan as plan_study
    from poolbench.app.power import seeds_tables

    wanted = _gap(gap, sd, is_pilot=pilot)
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
    if wanted is not None:
        made += seeds_tables(study, selection.store, wanted)
    emit(made, format, output)


def _gap(gap: str | None, sd: str | None, *, is_pilot: bool) -> Gap | None:
    """Read the gap to show and the spread to reckon with; ``None`` without a gap.

    Raises:
        BadInput: One is out of range, or not exactly one source of the spread is given.
    """
    from poolbench.app.power import Gap

    if gap is None:
        if sd is not None or is_pilot:
            raise BadInput(
                f"{'--sd' if sd is not None else '--pilot'} without --gap",
                "add the gap that is to be shown: --gap 0.5pp",
            )
        return None
    size = share_of_points(gap, "--gap", "0.5pp")
    if sd is not None and is_pilot:
        raise BadInput(
            "--sd and --pilot both give the spread over seeds",
            "keep --sd to reckon with a number, or --pilot to estimate it from stored runs",
        )
    if sd is None and not is_pilot:
        raise BadInput(
            "--gap needs the spread over seeds",
            "give it: --sd 0.3pp; or estimate it from the suite's stored runs: --pilot",
        )
    return Gap(size=size, std=None if sd is None else share_of_points(sd, "--sd", "0.3pp"))
