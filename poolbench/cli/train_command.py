"""``poolbench train``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Running, Selection, taking_groups
from poolbench.cli.output import check, emit, tell
from poolbench.cli.progress import showing_progress
from poolbench.cli.robustness_command import measure
from poolbench.cli.study import load_study, settings_of


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("train")(train)


@taking_groups
def train(
    suite: options.SuiteArgument,
    *,
    selection: Selection,
    running: Running,
    shard: options.ShardOption = None,
    download: options.Download = False,
    probes: Annotated[
        bool, typer.Option("--probes", help="Then run the suite's probes on the networks.")
    ] = False,
    rule: options.Rule = None,
    baseline: options.Baseline = None,
    alpha: options.Alpha = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Train every cell of a suite that has no result yet, then print the table.

    Run it again to continue: finished cells are kept, interrupted ones continue where they stopped.
    """
    from poolbench.app.failures import UNMEASURED, UNTRAINED, refuse_failures
    from poolbench.app.probe import ask
    from poolbench.app.report import tables
    from poolbench.app.results import Reading, read_results
    from poolbench.app.train import about_data, part_of, unfinished_count
    from poolbench.app.train import train as train_study

    check(format, output)
    study = load_study(suite, selection, download=download)
    reading = Reading(rule=rule, baseline=baseline, alpha=alpha)
    reading.applied_to(study)  # report errors before hours of training, not after
    if probes:
        ask(study, (), {})
    settings = settings_of(selection, running, download=download)
    count = unfinished_count(study, selection.store, shard)
    if not running.quiet:
        root = selection.data_root
        about = [*about_data(study, networks=count > 0, root=root)]
        tell("\n".join([*about, shard.about(study)] if shard else about))
    with showing_progress(count, quiet=running.quiet) as listen:
        # What about_data has looked at is not built a second time.
        is_checked = count > 0 and not running.quiet
        summary = train_study(study, settings, listen, shard=shard, is_checked=is_checked)
    asked = part_of(study, shard).cells
    if not asked:
        return  # one of many shards of few cells: nothing failed
    if not running.quiet:
        tell(f"{summary} (store {selection.store})")
    if len(summary.failed) == len(asked):  # there is nothing to measure and no table
        refuse_failures(summary.failed, UNTRAINED)
    unmeasured = measure([study], settings, quiet=running.quiet) if probes else {}
    emit(tables(read_results(study, selection.store, reading)), format, output)
    refuse_failures(summary.failed, UNTRAINED)
    refuse_failures(unmeasured, UNMEASURED)
