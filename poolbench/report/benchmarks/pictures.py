"""The table of pictures prepared and cut."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.core.benchmarks import Pace, PictureTimes
from poolbench.report.table import Column, Table, TableCell


def picture_table(times: Sequence[PictureTimes], workers: int, notes: tuple[str, ...]) -> Table:
    """Return the table of a folder of pictures at several sizes.

    Args:
        times: The measurements, in the order of the rows.
        workers: Threads of ours, and processes of torchvision's.
        notes: Notes below the table.
    """
    return Table(
        title="pictures: decoded once and cut, beside torchvision's ImageFolder and DataLoader",
        columns=(
            Column(title="pictures", fields=("pictures",)),
            Column(title="px", fields=("size_px",)),
            Column(title="prepared/s", fields=("prepared_per_s",)),
            Column(title="ratio", fields=("prepared_ratio", "prepared_cpu_ratio")),
            Column(title="peak MiB", fields=("peak_mib",)),
            Column(title="epoch s", fields=("epoch_s",)),
            Column(title="images/s", fields=("epoch_per_s",)),
            Column(title="torchvision images/s", fields=("loader_per_s",)),
            Column(title="ratio", fields=("epoch_ratio", "epoch_cpu_ratio")),
        ),
        rows=tuple(_row(each) for each in times),
        notes=(
            f"one pass each, {workers} threads of ours, {workers} processes of torchvision's",
            "ratio: to torchvision's images/s, by the clock, and in brackets by processor time, "
            "to which other processes of the machine hardly add",
            "epoch: random-resized-crop of every picture; prepared once, however many epochs",
            *notes,
        ),
    )


def _row(times: PictureTimes) -> tuple[TableCell, ...]:
    return (
        _number(times.pictures),
        _number(times.size_px),
        _number(times.prepared.per_s),
        _ratio(times.prepared, times.loader),
        _number(times.peak_bytes / 2**20),
        TableCell(values=(times.epoch.wall_s,), text=f"{times.epoch.wall_s:,.1f}"),
        _number(times.epoch.per_s),
        _number(times.loader.per_s),
        _ratio(times.epoch, times.loader),
    )


def _number(value: float) -> TableCell:
    return TableCell(values=(value,), text=f"{value:,.0f}")


def _ratio(ours: Pace, theirs: Pace) -> TableCell:
    wall, cpu = ours.per_s / theirs.per_s, ours.per_cpu_s / theirs.per_cpu_s
    return TableCell(values=(wall, cpu), text=f"{wall:.2f} ({cpu:.2f})")
