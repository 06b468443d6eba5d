"""The table of the cost of pooling operators and their peers."""

from __future__ import annotations

import statistics

from poolbench.core.benchmarks import Conditions
from poolbench.core.costs import PoolingCost, PoolingRace
from poolbench.core.counted import counted
from poolbench.report.benchmarks.passes import pass_cells, pass_columns
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats.median import CONFIDENCE


def pooling_table(race: PoolingRace, conditions: Conditions) -> Table:
    """Return the table of times, memory and bandwidth of our operator and its peers.

    Args:
        race: The measured costs.
        conditions: The conditions of the benchmark.
    """
    size, copy_s = race.maps_bytes, statistics.median(race.copy_s)
    ours, reference = next((name, cost.passes) for name, cost in race.costs.items())
    clock = (
        "kernels alone, queued together on the GPU, without the time Python takes to launch them"
        if conditions.device.startswith("cuda")
        else "wall-clock time"
    )
    return Table(
        title=f"{race.task}, {counted(conditions.threads, 'thread')}, {conditions.device}",
        columns=(
            Column(title="contender", fields=("contender",), is_text=True),
            *pass_columns(ours),
            Column(title="copy_'s speed, %", fields=("forward_copy_share", "step_copy_share")),
            Column(title="kept, % of maps", fields=("kept_bytes", "kept_share")),
        ),
        rows=tuple(
            (
                text_cell(name),
                *pass_cells(cost.passes, reference),
                _copy_shares(race, cost),
                TableCell(
                    values=(cost.kept_bytes, cost.kept_bytes / size),
                    text=f"{cost.kept_bytes / size:.1%}",
                ),
            )
            for name, cost in race.costs.items()
        ),
        notes=(
            f"{conditions.rounds} rounds of all {race.images} images, new random order each round: "
            f"median [least, largest] ms, {clock}",
            f"x ours: median of the time over ours in the same round, with the {CONFIDENCE:.0%} "
            "interval of the median; within noise if that contains 1",
            f"copy_'s speed: copy_ moves {2 * size / copy_s / 1e9:,.0f} GB/s; the share of it "
            "that forward / forward and backward reach, counting only the bytes that must move: "
            f"{race.forward_bytes / size:.2f} and {race.step_bytes / size:.2f} times the maps",
            "kept: for backward, besides the maps themselves; mean is a yardstick, not a peer; our "
            f"kernel here: {race.kernel}",
            conditions.surroundings,
        ),
        detail={"copy_s": list(race.copy_s), "kernel": race.kernel, "maps_bytes": size},
    )


def _copy_shares(race: PoolingRace, cost: PoolingCost) -> TableCell:
    """Return a cell with the passes' shares of the bandwidth of a copy of the maps."""
    if cost.is_yardstick:  # it moves other bytes
        return TableCell(values=(None, None), text="")
    copied, copy_s = 2 * race.maps_bytes, statistics.median(race.copy_s)
    shares = [
        least / copied * copy_s / statistics.median(seconds)
        for seconds, least in (
            (cost.passes.forward_s, race.forward_bytes),
            (cost.passes.step_s, race.step_bytes),
        )
    ]
    return TableCell(values=tuple(shares), text=" / ".join(f"{share:.0%}" for share in shares))
