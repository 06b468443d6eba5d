"""``poolbench doctor``."""

from __future__ import annotations

import typer

from poolbench.cli import options
from poolbench.cli.output import emit


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("doctor")(doctor)


def doctor(
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Check the machine: versions, devices, store, data. Exit 6 if training is impossible."""
    from poolbench.app.doctor import examine, machine_table
    from poolbench.core.errors import EnvironmentFault

    findings = examine(store, data_root)
    emit([machine_table(findings)], format, output)
    faults = [finding for finding in findings if finding.level == "fault"]
    if faults:
        advice = "; ".join(f"{finding.what}: {finding.advice}" for finding in faults)
        raise EnvironmentFault(f"{len(faults)} things prevent training", advice)
