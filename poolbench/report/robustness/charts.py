"""Results of probes as curves over their settings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from poolbench.core.measurement import Measurement
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.chart import Axis, Chart, Curves
from poolbench.report.robustness.sweeps import Sweep, sweeps_of
from poolbench.report.studies.bands import BAND, curve_over_seeds, seeds_text


def robustness_charts(
    study: Study, runs: Mapping[str, Run], measurements: Mapping[str, Sequence[Measurement]]
) -> list[Chart]:
    """Return a chart for each data set and probe: accuracy against epsilon or size, by variant.

    Args:
        study: The study, with its cells.
        runs: Runs by cell id; a cell without one is missing.
        measurements: Measurements by cell id.

    Returns:
        Charts with distinct names; none for a probe without measurements.
    """
    sweeps = [sweep for sweep in sweeps_of(study, runs, measurements) if len(sweep.settings) > 1]
    return list(_named(study, sweeps))


def _named(study: Study, sweeps: Sequence[Sweep]) -> Iterator[Chart]:
    taken: dict[str, int] = {}
    for sweep in sweeps:
        name = re.sub(r"[^a-z0-9]+", "-", f"{sweep.dataset} {sweep.probe.name}".lower()).strip("-")
        taken[name] = taken.get(name, 0) + 1
        yield _chart(study, sweep, name if taken[name] == 1 else f"{name}-{taken[name]}")


def _chart(study: Study, sweep: Sweep, name: str) -> Curves:
    rows = {
        variant: [sweep.accuracies(variant, at) for at in sweep.settings]
        for variant in sweep.outcomes
    }
    counts = {variant: max(map(_finite, values)) for variant, values in rows.items()}
    measured = {variant: count for variant, count in counts.items() if count}
    if sweep.is_over_sizes:
        axis = _size_axis(sweep)
    else:
        axis = _epsilon_axis(sweep) if sweep.is_over_epsilons else Axis(label=sweep.axis)
    return Curves(
        name=name,
        title=f"{study.heading} · {sweep.dataset} · {sweep.title}",
        caption=f"{BAND}; {seeds_text(measured.values())} a variant; {sweep.total:,} test images",
        x=axis,
        y=Axis(label="accuracy (%)", is_share=True),
        curves=tuple(
            curve_over_seeds(variant, sweep.settings, row)
            for variant, row in rows.items()
            if variant in measured
        ),
    )


def _finite(values: Sequence[float | None]) -> int:
    return sum(value is not None and math.isfinite(value) for value in values)


def _size_axis(sweep: Sweep) -> Axis:
    size = sweep.training_size
    return Axis(
        label="image side (px)",
        scale="log2",
        ticks=tuple((at, f"{at:g}") for at in sweep.settings),
        marks=((size, "training size"),) if size is not None else (),
    )


def _epsilon_axis(sweep: Sweep) -> Axis:
    return Axis(
        label="epsilon (pixels in [0, 1])",
        scale="symlog",
        marks=((sweep.area_settings[-1], "area ends"),)
        if sweep.settings_beyond and sweep.area_settings
        else (),
        ticks=tuple((at, sweep.setting_text(at)) for at in sweep.settings),
    )
