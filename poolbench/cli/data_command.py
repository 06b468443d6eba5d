"""``poolbench data``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import write
from poolbench.cli.progress import showing_progress
from poolbench.cli.study import load_study
from poolbench.core.errors import Interrupted

_commands = typer.Typer(help="Prepare data sets ahead of time.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(_commands, name="data")


@_commands.callback()
def _data() -> None:
    """Without it, the one command would take the place of the group."""


@_commands.command("prepare")
@taking_groups
def prepare(
    suite: options.SuiteArgument,
    *,
    selection: Selection,
    download: options.Download = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Decode the data sets of a suite into the cache, as `train` does before its first epoch.

    On a cluster, run it where the cores are not paid for. It goes on where it was interrupted.
    """
    from poolbench.app.prepare import data_of, prepare_data

    study = load_study(suite, selection, download=download)
    try:
        with showing_progress(len(data_of(study)), quiet=quiet, called="data sets") as listen:
            prepared = prepare_data(
                study, root=selection.data_root, download=download, on_event=listen
            )
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what is decoded is kept") from None
    write("".join(f"{data}\n" for data in prepared), None)
