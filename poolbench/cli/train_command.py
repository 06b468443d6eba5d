"""``poolbench train``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import check, emit
from poolbench.cli.progress import showing_progress
from poolbench.cli.robustness_command import measure, refuse_failures
from poolbench.cli.study import read_study


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("train")(train)


def train(
    suite: options.SuiteArgument,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    only: options.Only = None,
    limit: options.Limit = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch missing data sets, with checksums.")
    ] = False,
    device: options.Device = None,
    jobs: options.Jobs = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local (worker processes) or inline (this process).")
    ] = "local",
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for cells that others are training.")
    ] = True,
    probes: Annotated[
        bool, typer.Option("--probes", help="Then put the networks to the suite's probes.")
    ] = False,
    rule: options.Rule = None,
    baseline: options.Baseline = None,
    alpha: options.Alpha = None,
    format: options.Format = "rich",
    output: options.Output = None,
    plugin: options.Plugins = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Train every cell of a suite that has no result yet, then print the table.

    Run it again to continue: finished cells are kept, interrupted ones go on where they stood.
    """
    from poolbench.app.probe import ask
    from poolbench.app.report import tables
    from poolbench.app.results import Reading, read_results
    from poolbench.app.train import Settings, unfinished_count
    from poolbench.app.train import train as train_study
    from poolbench.core.errors import CellsFailed

    check(format, output)
    study = read_study(
        suite,
        profile=profile,
        overrides=overrides,
        only=only,
        limit=limit,
        data_root=data_root,
        plugin=plugin,
    )
    reading = Reading(rule=rule, baseline=baseline, alpha=alpha)
    reading.applied_to(study)  # what cannot be is refused before hours of training, not after
    if probes:
        ask(study, (), {})
    settings = Settings(
        store=store,
        device=device,
        jobs=jobs,
        engine=engine,
        root=data_root,
        download=download,
        plugins=tuple(plugin or ()),
        wait=wait,
    )
    with showing_progress(unfinished_count(study, store), quiet=quiet) as listen:
        summary = train_study(study, settings, listen)
    if not quiet:
        sys.stderr.write(f"{summary} (store {store})\n")
    unmeasured = measure([study], settings, quiet=quiet) if probes else {}
    emit(tables(read_results(study, store, reading)), format, output)
    if summary.failed:
        reasons = "\n".join(f"  {label}: {why}" for label, why in summary.failed.items())
        raise CellsFailed(
            f"{len(summary.failed)} cells have no result:\n{reasons}",
            "the others are safe; the same command tries these again",
        )
    refuse_failures(unmeasured)
