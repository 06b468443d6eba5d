"""``poolbench doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import emit, tell


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("doctor")(doctor)


def doctor(
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    format: options.Format = "rich",
    output: options.Output = None,
    clear: Annotated[
        bool, typer.Option("--clear-cache", help="Delete decoded data sets first.")
    ] = False,
) -> None:
    """Check the machine: versions, devices, store, data. Exit 6 if training is impossible."""
    from poolbench.app.doctor import clear_decoded, examine, machine_table
    from poolbench.core.errors import EnvironmentFault

    if clear:
        tell(f"deleted {clear_decoded() / 2**30:,.1f} GiB of decoded data")
    findings = examine(store, data_root)
    emit([machine_table(findings)], format, output)
    faults = [finding for finding in findings if finding.level == "fault"]
    if faults:
        advice = "; ".join(f"{finding.what}: {finding.advice}" for finding in faults)
        raise EnvironmentFault(f"{len(faults)} things prevent training", advice)
