"""``poolbench watch`` and ``poolbench cancel``."""

from __future__ import annotations

import typer

from poolbench.cli import options
from poolbench.cli.output import tell
from poolbench.cli.progress import showing_progress
from poolbench.core.counted import counted


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("watch")(watch)
    app.command("cancel")(cancel)


def watch(store: options.StorePath = options.DEFAULT_STORE) -> None:
    """Show the progress of what other commands run on a store, until they end.

    Works from any terminal that sees the store: for a command that was detached from Slurm, runs
    elsewhere, or was closed with its window. Ctrl-C stops watching and nothing else.
    """
    from poolbench.app.watch import Watching

    watching = Watching(store)
    try:
        with showing_progress(watching.count, quiet=False) as listen:
            watching.follow(listen)
    except KeyboardInterrupt:
        tell("no longer watching; what runs goes on")
        raise typer.Exit from None
    tell("nothing runs on this store any more; see the table: poolbench report")


def cancel(store: options.StorePath = options.DEFAULT_STORE) -> None:
    """Cancel what Slurm runs on a store. What is finished or saved is kept.

    A command that runs on this machine is ended with Ctrl-C instead.
    """
    from poolbench.app.watch import Watching
    from poolbench.core.errors import NothingMatched

    names = Watching(store).cancel()
    if not names:
        raise NothingMatched(
            f"Slurm runs nothing on {store}", "end a command with Ctrl-C in its own terminal"
        )
    tell(f"cancelled {counted(len(names), 'session')}; the same command goes on where it stopped")
