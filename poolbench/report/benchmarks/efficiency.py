"""The table of FLOP/s in training steps and in convolutions alone."""

from __future__ import annotations

from collections.abc import Mapping

from poolbench.core.benchmarks import Conditions, Values, WorkEfficiency
from poolbench.core.cell import Precision
from poolbench.core.counted import counted
from poolbench.report.benchmarks.cells import NO_SPREAD, ratios, spread
from poolbench.report.table import Column, Table, TableCell, text_cell


def efficiency_table(
    works: Mapping[str, WorkEfficiency],
    conditions: Conditions,
    *,
    peak: Values,
    batch_size: int,
    precision: Precision,
) -> Table:
    """Return the table of rates, and their ratios to the fastest convolution's.

    Args:
        works: Measured work by name.
        conditions: The conditions of the benchmark.
        peak: FLOP/s of the fastest convolution in each round.
        batch_size: Images per batch.
        precision: Precision of the arithmetic.
    """
    return Table(
        title=f"arithmetic, batch {batch_size}, {precision}, "
        f"{counted(conditions.threads, 'thread')}, {conditions.device}",
        columns=(
            Column(title="work", fields=("work",), is_text=True),
            Column(title="GFLOP an image", fields=("flops",)),
            Column(title="GFLOP/s", fields=("flops_per_s", "flops_per_s_low", "flops_per_s_high")),
            Column(title="share of the peak", fields=("share", "share_low", "share_high")),
            Column(
                title="of the step's time",
                fields=("step_share", "step_share_low", "step_share_high"),
            ),
        ),
        rows=tuple(
            (
                text_cell(name),
                TableCell(values=(work.flops,), text=f"{work.flops * 1e-9:.3f}"),
                spread(work.flops_per_s, ".0f", 1e-9),
                spread(ratios(work.flops_per_s, peak), ".2f"),
                NO_SPREAD
                if work.step_s is None
                else spread(ratios(work.duration_s, work.step_s), ".2f"),
            )
            for name, work in works.items()
        ),
        notes=(
            "a network's row: its whole training step on one resident batch; only operations of "
            "convolutions and matrix products, forward and backward, are counted, by torch",
            "its convolutions alone: forward and backward, each on its input in the network, kept "
            "in memory",
            "share of the peak: the row's rate over the fastest convolution's, round by round",
            f"{conditions.rounds} rounds, new random order each round; median and range",
            conditions.surroundings,
        ),
    )
