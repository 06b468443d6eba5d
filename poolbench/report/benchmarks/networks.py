"""The table of the cost of each variant's network."""

from __future__ import annotations

from poolbench.core.benchmarks import Conditions
from poolbench.core.costs import NetworkRace
from poolbench.core.counted import counted
from poolbench.report.benchmarks.passes import pass_cells, pass_columns
from poolbench.report.number_format import count
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats.median import CONFIDENCE

_MIB = 2**20


def networks_table(race: NetworkRace, conditions: Conditions) -> Table:
    """Return the table of parameters, FLOPs, memory and times of each variant's network.

    Args:
        race: The measured costs.
        conditions: The conditions of the benchmark.
    """
    reference = race.passes[race.reference]
    return Table(
        title=f"{race.title} · cost of a network, {counted(conditions.threads, 'thread')}, "
        f"{conditions.device}",
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="parameters", fields=("parameters",)),
            Column(title="MFLOPs an image", fields=("flops",)),
            Column(title="kept for backward, MiB an image", fields=("kept_bytes",)),
            *pass_columns(race.reference),
        ),
        rows=tuple(
            (
                text_cell(variant),
                TableCell(values=(cost.parameters,), text=count(cost.parameters)),
                TableCell(values=(cost.flops,), text=f"{cost.flops / 1e6:,.2f}"),
                TableCell(values=(cost.kept_bytes,), text=f"{cost.kept_bytes / _MIB:,.3f}"),
                *pass_cells(race.passes[variant], reference),
            )
            for variant, cost in race.costs.items()
        ),
        notes=(
            f"batches of {race.batch_size} random images of "
            f"{'x'.join(map(str, race.image_shape))}, {conditions.rounds} rounds, new random "
            "order each round: median [least, largest] ms per image",
            f"x {race.reference}: median of the time over {race.reference}'s in the same round, "
            f"with the {CONFIDENCE:.0%} interval of the median; within noise if that contains 1. "
            f"Each interval stands alone: of {len(race.costs) - 1} some may miss by chance",
            "FLOPs: of convolutions and matrix products only, counted by torch, forward; backward "
            "takes about twice as many",
            conditions.surroundings,
        ),
    )
