"""``poolbench watch`` and ``poolbench cancel``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import tell
from poolbench.cli.progress import showing_progress
from poolbench.core.counted import counted
from poolbench.core.errors import BadInput, Interrupted, NothingMatched

_Named = Annotated[
    Path | None,
    typer.Argument(
        metavar="STORE", parser=options.path, help="Folder of the run store, as with --store."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("watch")(watch)
    app.command("cancel")(cancel)


def watch(
    context: typer.Context,
    named: _Named = None,
    store: options.StorePath = options.DEFAULT_STORE,
) -> None:
    """Show the progress of what other commands run on a store, until they end.

    Works from any terminal that sees the store: for a command that was detached from Slurm, runs
    elsewhere, or was closed with its window. Ctrl-C stops watching and nothing else.
    """
    from poolbench.app.watch import Watching

    chosen = _chosen(context, named, store)
    try:
        watching = Watching(chosen)
        with showing_progress(watching.count, quiet=False) as listen:
            watching.follow(listen)
    except (KeyboardInterrupt, Interrupted) as stop:
        tell("no longer watching; what runs goes on")
        interrupted = stop if isinstance(stop, Interrupted) else Interrupted("")
        raise typer.Exit(interrupted.exit_code) from None
    table = shlex.join(["poolbench", "report", "--store", str(chosen)])
    tell(f"nothing runs on {chosen} any more; see the table: {table}")


def cancel(
    context: typer.Context,
    named: _Named = None,
    store: options.StorePath = options.DEFAULT_STORE,
) -> None:
    """Cancel what Slurm runs on a store. What is finished or saved is kept.

    A command that runs on this machine is ended with Ctrl-C instead.
    """
    from poolbench.app.watch import Watching

    chosen = _chosen(context, named, store)
    names = Watching(chosen).cancel()
    if not names:
        raise NothingMatched(
            f"Slurm runs nothing on {chosen}", "end a command with Ctrl-C in its own terminal"
        )
    tell(f"cancelled {counted(len(names), 'session')}; the same command goes on where it stopped")


def _chosen(context: typer.Context, named: Path | None, store: Path) -> Path:
    """Return the store that is meant: a named one comes before that of the environment.

    Raises:
        BadInput: An argument and ``--store`` name two.
    """
    if named is None:
        return store
    source = context.get_parameter_source("store")
    is_typed = source is not None and source.name == "COMMANDLINE"
    if is_typed and store.resolve() != named.resolve():
        raise BadInput(f"two stores are named, {named} and --store {store}", "name one")
    return named
