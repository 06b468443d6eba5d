"""The table of startup times."""

from __future__ import annotations

from collections.abc import Mapping

from poolbench.core.benchmarks import Values
from poolbench.report.benchmarks.cells import median, ratios, spread
from poolbench.report.table import Column, Table, text_cell


def startup_table(times: Mapping[str, Values], *, python: str, torch: str, rounds: int) -> Table:
    """Return the table of startup times, relative to Python's and torch's in the same round.

    Args:
        times: Seconds of each process by name, one value per round.
        python: Name of the process that does nothing.
        torch: Name of the process that imports torch.
        rounds: Number of rounds.
    """
    return Table(
        title="startup: fresh processes in turn",
        columns=(
            Column(title="process", fields=("process",), is_text=True),
            Column(title="seconds", fields=("duration_s", "duration_low_s", "duration_high_s")),
            Column(title="above python, s", fields=("above_python_s",)),
            Column(title="x import torch", fields=("ratio_to_torch",)),
        ),
        rows=tuple(
            (
                text_cell(name),
                spread(seconds, ".2f"),
                median([s - p for s, p in zip(seconds, times[python], strict=True)], ".2f"),
                median(ratios(seconds, times[torch]), ".2f"),
            )
            for name, seconds in times.items()
        ),
        notes=(
            f"median [least, largest] of {rounds} rounds; differences and ratios: median over "
            "rounds, each taken within a round",
            "the next worker: forked from the process that imported torch for the first",
        ),
    )
