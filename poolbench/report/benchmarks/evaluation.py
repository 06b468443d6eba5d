"""The table of an evaluation's speed, as a fraction of its bare forward passes'."""

from __future__ import annotations

from poolbench.core.benchmarks import Conditions, Evaluations, Values
from poolbench.core.counted import counted
from poolbench.report.benchmarks.cells import ratios, spread
from poolbench.report.table import Column, Table, TableCell, text_cell


def evaluation_table(times: Evaluations, conditions: Conditions) -> Table:
    """Return the table of images per second of both.

    Args:
        times: The measured times.
        conditions: The conditions of the benchmark.
    """
    return Table(
        title=f"evaluation of {times.model}, {times.images:,} images of {times.side_px} px, "
        f"{counted(conditions.threads, 'thread')}, {conditions.device}",
        columns=(
            Column(title="work", fields=("work",), is_text=True),
            Column(
                title="images/s", fields=("images_per_s", "images_per_s_low", "images_per_s_high")
            ),
            Column(title="of the bare speed", fields=("ratio", "ratio_low", "ratio_high")),
        ),
        rows=(
            _row("bare forward passes", times.forward_s, times.forward_s),
            _row("evaluation", times.evaluation_s, times.forward_s),
        ),
        notes=(
            f"batches of {times.batch_size}; median [least, largest] of {conditions.rounds} rounds,"
            " new random order each round",
            "bare: the same network on normalised float images, logits dropped; an evaluation "
            "decodes bytes, normalises them, and notes class, probability and loss of each image",
            "of the bare speed: the bare time over the row's, round by round",
            conditions.surroundings,
        ),
    )


def _row(name: str, seconds: Values, bare: Values) -> tuple[TableCell, ...]:
    return (
        text_cell(name),
        spread([1 / each for each in seconds], ".3g"),
        spread(ratios(bare, seconds), ".3f"),
    )
