"""The table of the cost of resolution sweeps, in evaluations and in pixels."""

from __future__ import annotations

from poolbench.core.benchmarks import Conditions, Sweeps, Values
from poolbench.core.counted import counted
from poolbench.report.benchmarks.cells import ratios, spread
from poolbench.report.table import Column, Table, TableCell, text_cell


def resolution_table(sweeps: Sweeps, conditions: Conditions) -> Table:
    """Return the table of each sweep's seconds, over an evaluation's and over its pixels.

    Args:
        sweeps: The measured times.
        conditions: The conditions of the benchmark.
    """
    evaluation, pixels = sweeps.evaluation_s, sweeps.pixels
    return Table(
        title=f"resolution sweeps of {sweeps.model}, {sweeps.images} images, "
        f"{counted(conditions.threads, 'thread')}, {conditions.device}",
        columns=(
            Column(title="work", fields=("work",), is_text=True),
            Column(title="seconds", fields=("duration_s", "duration_low_s", "duration_high_s")),
            Column(title="evaluations", fields=("ratio", "ratio_low", "ratio_high")),
            Column(title="over the pixels'", fields=("excess", "excess_low", "excess_high")),
        ),
        rows=(
            _row("one evaluation", evaluation, evaluation, 1.0),
            *(_row(name, seconds, evaluation, pixels) for name, seconds in sweeps.sweeps_s.items()),
        ),
        notes=(
            f"sizes {', '.join(map(str, sweeps.sizes))}; median [least, largest] of "
            f"{conditions.rounds} rounds, new random order each round",
            f"evaluations: the row's time over that of one evaluation at {sweeps.side_px} pixels, "
            "round by round",
            f"over the pixels': the same divided by sum(s^2) / {sweeps.side_px}^2 = {pixels:.2f}",
            "the first round, in which each size is new to the process, is not recorded",
            conditions.surroundings,
        ),
    )


def _row(name: str, seconds: Values, evaluation: Values, pixels: float) -> tuple[TableCell, ...]:
    evaluations = ratios(seconds, evaluation)
    return (
        text_cell(name),
        spread(seconds, ".3g"),
        spread(evaluations, ".3g"),
        spread([ratio / pixels for ratio in evaluations], ".3g"),
    )
