"""``poolbench store``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import tell
from poolbench.cli.study import load_studies
from poolbench.core.counted import counted

_commands = typer.Typer(help="Maintain the run store.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(_commands, name="store")


@_commands.command("verify")
def verify(
    store: options.StorePath = options.DEFAULT_STORE,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Move damaged runs to the store's quarantine/.")
    ] = False,
) -> None:
    """Read every run, study and finding, and compare them with their checksums. Exit 3 on damage.

    What cannot be read is told with the rest, and nothing is skipped because of it.
    """
    from poolbench.app.store import set_aside as set_runs_aside
    from poolbench.app.store import verify as verify_store
    from poolbench.core.counted import counted
    from poolbench.core.document import passed_over
    from poolbench.core.errors import CellsFailed

    found = verify_store(store)
    count, damaged = len(found.runs), dict(found.damaged)
    typer.echo(f"{count - len(damaged)} of {counted(count, 'run is', 'runs are')} sound")
    for line in passed_over(str(store), found.unread):
        tell(line)
    for cell_id, moved in set_runs_aside(store, damaged).items() if set_aside else ():
        if isinstance(moved, Path):
            typer.echo(f"moved {moved}")
        else:
            damaged[cell_id] += f"; not moved: {moved}"
    if damaged or found.others:
        lines = [f"{cell_id}: {problem}" for cell_id, problem in damaged.items()]
        what = counted(len(damaged), "damaged run")
        if found.others:
            what += f" and {counted(len(found.others), 'other problem')}"
        raise CellsFailed(
            "\n  ".join([f"{what}:", *lines, *found.others]),
            "after --set-aside, `poolbench train` trains the cells of damaged runs again; "
            "`poolbench robustness` repeats damaged measurements",
        )


@_commands.command("merge")
def merge(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="STORE...", parser=options.path, help="Stores; none is changed."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="STORE",
            parser=options.path,
            help="The store to merge into; created if missing, and may be one of the others.",
        ),
    ],
) -> None:
    """Bring the finished runs of several stores together, with their measurements and studies.

    A run that repeats one is counted, one that differs is kept in quarantine/ and told: the first
    stays. Exit 3 if any differs or is damaged. Killed, it is continued by the same command.
    """
    from poolbench.app.store import merge as merge_stores
    from poolbench.core.errors import CellsFailed

    differing: list[str] = []
    damaged: list[str] = []
    for done in merge_stores(sources, output):
        typer.echo(
            f"{done.source}: {counted(done.added, 'run')} added, {done.same} already there"
            f" with the same content; {counted(done.measurements, 'measurement')} added to those"
        )
        for note in done.notes:
            tell(note)
        differing += done.differing
        damaged += done.damaged
    told = []
    if differing:
        lines = "".join(f"\n  {line}" for line in differing)
        differ = counted(len(differing), "differs", "differ")
        told.append(f"{differ} from what {output} had first:{lines}")
    if damaged:
        lines = "".join(f"\n  {line}" for line in damaged)
        were_left = counted(len(damaged), "is damaged and was", "are damaged and were")
        told.append(f"{were_left} left out:{lines}")
    if told:
        hint = "everything else is merged; a difference means that training does not repeat itself"
        raise CellsFailed("\n".join(told), hint if differing else "everything else is merged")


@_commands.command("gc")
def collect(
    store: options.StorePath = options.DEFAULT_STORE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be deleted; delete nothing.")
    ] = False,
) -> None:
    """Delete leftovers of killed processes: temporary files, dead sessions, half runs.

    The store's quarantine/ is emptied too: damaged runs, and runs that differed from the first.
    """
    from poolbench.app.store import collect as collect_garbage
    from poolbench.core.counted import counted
    from poolbench.core.errors import EnvironmentFault

    removed = collect_garbage(store, dry_run=dry_run)
    verb = "would delete" if dry_run else "deleted"
    what = counted(removed.count, "file or folder", "files and folders")
    typer.echo(f"{verb} {what}, {removed.size_bytes / 1e6:.1f} MB")
    if removed.kept:
        raise EnvironmentFault(
            "\n  ".join([f"{counted(len(removed.kept), 'leftover')} kept:", *removed.kept])
        )


@_commands.command("freeze")
@taking_groups
def write_baseline(
    suite: options.OptionalSuite = None,
    *,
    selection: Selection,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            parser=options.path,
            help="File to write; commit it with your code.",
        ),
    ] = Path("baseline.json"),
) -> None:
    """Write every run's values to a small file for `poolbench compare baseline.json`."""
    from poolbench.app.baseline_file import write_baseline as freeze_studies
    from poolbench.cli.output import check

    check("json", output)
    studies = load_studies(suite, selection)
    finished, asked = freeze_studies(studies, selection.store, output)
    typer.echo(f"{output}: the values of {finished} of {counted(asked, 'run')}")
