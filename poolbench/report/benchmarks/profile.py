"""The table of a training epoch's time by part."""

from __future__ import annotations

from poolbench.core.benchmarks import EpochProfile
from poolbench.report.table import Column, Table, TableCell, text_cell


def profile_table(profile: EpochProfile, surroundings: str) -> Table:
    """Return the table of the time and the share of each part of a step.

    Args:
        profile: The measured times.
        surroundings: Note on the machine and its load.
    """
    steps, total_s = profile.steps, profile.total_s
    return Table(
        title=f"an epoch of {profile.training}",
        columns=(
            Column(title="part", fields=("part",), is_text=True),
            Column(title="ms a step", fields=("duration_s",)),
            Column(title="share", fields=("share",)),
        ),
        rows=tuple(
            (
                text_cell(part),
                TableCell(values=(seconds / steps,), text=f"{1e3 * seconds / steps:.2f}"),
                TableCell(values=(seconds / total_s,), text=f"{seconds / total_s:.1%}"),
            )
            for part, seconds in {**profile.parts_s, "all": total_s}.items()
        ),
        notes=(
            f"{steps} steps; the profiled epoch took {total_s / profile.alone_s:.2f} times as "
            "long as the one before it, without the profiler",
            "backward: by the operation whose gradient is computed; rest: loss, learning rate, "
            "clearing gradients, counting, the loop itself",
            surroundings,
        ),
    )
