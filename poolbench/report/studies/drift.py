"""The drift of learned pooling parameters: start, end, spread and direction, with charts."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolbench.report.cells import signed
from poolbench.report.chart import Axis, Chart, Curve, Curves, Sample, Samples, Scale
from poolbench.report.number_format import NOTHING
from poolbench.report.studies.bands import seeds_text
from poolbench.report.table import Column, Table, TableCell, text_cell

_COLUMNS = (
    Column(title="variant", fields=("variant",), is_text=True),
    Column(title="parameter", fields=("parameter",), is_text=True),
    Column(title="seeds × values", fields=("n_seeds", "values_a_seed")),
    Column(title="start", fields=("start",)),
    Column(title="end: median [quartiles]", fields=("median", "quartile_low", "quartile_high")),
    Column(title="mean", fields=("centre",)),
    Column(title="least – largest", fields=("least", "largest")),
    Column(title="direction", fields=("direction", "seeds_up", "share_up"), is_text=True),
)


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One learned parameter of one variant, over its seeds.

    Args:
        variant: Label of the variant.
        parameter: Site and name: ``head.temperature``.
        is_positive: Whether it is learned as a logarithm, like temperatures: ratios count, not
            differences, and means are geometric.
        is_shared: Whether there is one value for the layer, not one per channel or position.
        start: Initial values.
        ends: Final values of each seed, in the order of ``start``.
        epochs: Mean of the values after each epoch, for each seed.
    """

    variant: str
    parameter: str
    is_positive: bool
    is_shared: bool
    start: tuple[float, ...]
    ends: tuple[tuple[float, ...], ...]
    epochs: tuple[tuple[float, ...], ...]

    def centre(self, values: Sequence[float]) -> float:
        """Return the mean of values, geometric if they are positive."""
        return statistics.geometric_mean(values) if self.is_positive else statistics.fmean(values)

    @property
    def values(self) -> tuple[float, ...]:
        """All final values, seed by seed."""
        return tuple(value for seed in self.ends for value in seed)

    @property
    def seeds_up(self) -> int:
        """Number of seeds whose mean ended above its start."""
        return sum(self.centre(end) > self.centre(self.start) for end in self.ends)

    @property
    def share_up(self) -> float:
        """Fraction of the values that ended above their start."""
        risen = (e > s for end in self.ends for s, e in zip(self.start, end, strict=True))
        return sum(risen) / len(self.values)

    @property
    def direction(self) -> str:
        """``up`` or ``down`` if the means of all seeds agree, else ``both``."""
        if self.seeds_up == len(self.ends):
            return "up"
        downs = sum(self.centre(end) < self.centre(self.start) for end in self.ends)
        return "down" if downs == len(self.ends) else "both"


def drift_table(
    title: str, drifts: Sequence[Drift], fixed: Sequence[str], notes: Sequence[str] = ()
) -> Table:
    """Return a row for every learned parameter, and one for every variant without any.

    Args:
        title: Title with study and data set.
        drifts: Drifts in the suite's order.
        fixed: Variants whose operators learn nothing.
        notes: Notes below the table, about what is missing.
    """
    about = (
        "seeds × values: one value for the layer, or one for each channel or position",
        "mean: geometric for what is learned as a logarithm (temperature, p); median and quartiles "
        "over all seeds and values",
        "direction: up or down if the means of all seeds agree; beside it how many seeds' mean and "
        "what share of all values ended above the start",
    )
    return Table(
        title=title,
        columns=_COLUMNS,
        rows=(*map(_row, drifts), *map(_fixed_row, fixed)),
        notes=(*(about if drifts else ()), *notes),
    )


def drift_charts(dataset: str, title: str, drifts: Sequence[Drift]) -> list[Chart]:
    """Return, for each kind of parameter, charts of its final values and its values over epochs.

    Args:
        dataset: The data set; prefix of the charts' names.
        title: Title with study and data set.
        drifts: Drifts in the suite's order.
    """
    charts: list[Chart] = []
    for kind in dict.fromkeys(_kind(drift) for drift in drifts):
        group = [drift for drift in drifts if _kind(drift) == kind]
        is_named = len({drift.parameter for drift in group}) > 1
        labelled = {f"{d.variant} {_site(d)}" if is_named else d.variant: d for d in group}
        name, label = f"{dataset}-{kind.replace('_', '-')}", kind.replace("_", " ")
        charts += [
            _ends(f"{name}-end", title, label, labelled),
            _epochs(f"{name}-epochs", title, label, labelled),
        ]
    return charts


def _ends(name: str, title: str, kind: str, drifts: Mapping[str, Drift]) -> Samples:
    groups = [(_start(drift), drift.is_shared) for drift in drifts.values()]
    # As in the paper's figure where the starts tell the variants apart: side by side by start.
    starts = {start for start, _ in groups}
    is_by_start = len(set(groups)) == len(groups) and len(starts) > 1 and None not in starts
    return Samples(
        name=name,
        title=f"{title}: {kind} after training",
        caption=f"Final values of {_seeds(drifts)}; dotted: where they started. Dark: one value "
        "for the layer, a dot a seed. Light: one for each channel or position, of all seeds "
        "together.",
        x=Axis(label=f"initial {kind}" if is_by_start else "variant"),
        y=Axis(label=kind, scale=_scale(drifts)),
        samples=tuple(
            Sample(
                label=f"{start:g}" if is_by_start else label,
                series="one for the layer" if is_shared else "one a channel or position",
                values=drift.values,
                is_dark=is_shared,
                start=start,
            )
            for (label, drift), (start, is_shared) in zip(drifts.items(), groups, strict=True)
        ),
        is_density=any(not is_shared for _, is_shared in groups),
    )


def _epochs(name: str, title: str, kind: str, drifts: Mapping[str, Drift]) -> Curves:
    last = max(len(seed) for drift in drifts.values() for seed in drift.epochs)
    return Curves(
        name=name,
        title=f"{title}: {kind} over epochs",
        caption=f"Mean over {_seeds(drifts)} of the mean over channels after each epoch, from the "
        "start at epoch 0; band: least to largest seed.",
        x=Axis(label="epoch", ticks=tuple((epoch, str(epoch)) for epoch in range(last + 1))),
        y=Axis(label=f"mean {kind}", scale=_scale(drifts)),
        curves=tuple(_curve(label, drift) for label, drift in drifts.items()),
    )


def _scale(drifts: Mapping[str, Drift]) -> Scale:
    return "log2" if all(drift.is_positive for drift in drifts.values()) else "linear"


def _seeds(drifts: Mapping[str, Drift]) -> str:
    return seeds_text(len(drift.ends) for drift in drifts.values())


def _kind(drift: Drift) -> str:
    return drift.parameter.rpartition(".")[2]


def _site(drift: Drift) -> str:
    return drift.parameter.rpartition(".")[0]


def _start(drift: Drift) -> float | None:
    """Return the initial value of a parameter; ``None`` if there are several."""
    return drift.start[0] if len(set(drift.start)) == 1 else None


def _curve(label: str, drift: Drift) -> Curve:
    start = statistics.fmean(drift.start)
    steps = [[start], *map(list, zip(*drift.epochs, strict=True))]
    return Curve(
        label=label,
        x=tuple(map(float, range(len(steps)))),
        y=tuple(drift.centre(step) for step in steps),
        low=tuple(min(step) for step in steps),
        high=tuple(max(step) for step in steps),
    )


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, method="inclusive")
    return low, high


def _row(drift: Drift) -> tuple[TableCell, ...]:
    values, (low, high) = drift.values, _quartiles(drift.values)
    start, centre, median = (
        drift.centre(drift.start),
        drift.centre(values),
        statistics.median(values),
    )
    seeds, up = len(drift.ends), drift.seeds_up
    sign = {"up": "▲", "down": "▼", "both": "±"}[drift.direction]
    risen = f"{up} of {seeds} seeds, {100 * drift.share_up:.0f} % of values"
    return (
        text_cell(drift.variant),
        text_cell(drift.parameter),
        TableCell(values=(seeds, len(drift.start)), text=f"{seeds} × {len(drift.start)}"),
        TableCell(values=(start,), text=_shown(start)),
        TableCell(
            values=(median, low, high),
            text=f"{_shown(median)} [{_shown(low)}, {_shown(high)}]",
        ),
        TableCell(values=(centre,), text=_shown(centre)),
        TableCell(
            values=(min(values), max(values)),
            text=f"{_shown(min(values))} – {_shown(max(values))}",
        ),
        TableCell(
            values=(drift.direction, up, drift.share_up),
            text=f"{drift.direction} ({risen})",
            mark=sign,
        ),
    )


def _fixed_row(variant: str) -> tuple[TableCell, ...]:
    def nothing(count: int) -> TableCell:
        return TableCell(values=(None,) * count, text=NOTHING)

    return (
        text_cell(variant),
        TableCell(values=(None,), text=NOTHING),
        *(nothing(len(column.fields)) for column in _COLUMNS[2:-1]),
        TableCell(values=("fixed", None, None), text="fixed: nothing is learned"),
    )


def _shown(value: float) -> str:
    return signed(value, 4)
