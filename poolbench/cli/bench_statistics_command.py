"""``poolbench bench statistics``."""

from __future__ import annotations

import typer

from poolbench.cli import options
from poolbench.cli.bench_options import Rounds
from poolbench.cli.output import emit


def register(app: typer.Typer) -> None:
    """Add the command to the benchmarks."""
    app.command("statistics")(statistics)


def statistics(
    *, rounds: Rounds = 5, format: options.Format = "rich", output: options.Output = None
) -> None:
    """Compare exact rank tests with scipy's, which enumerate if runs tie; every p is checked."""
    from poolbench.bench.statistics import bench_statistics

    emit(bench_statistics(rounds=rounds), format, output)
