"""Angle contraction as pictures: similarity before against similarity after, pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from poolbench.core.contraction import ContractionSettings, Observed, arccosine_kernel
from poolbench.core.experiment import Experiment
from poolbench.report.chart import Axis, Chart, Cloud, Curve, Grid, Scatter
from poolbench.report.contraction.similarities import stages

_STEPS = 100
_NO_CHANGE = Curve(label="no change", x=(-1.0, 1.0), y=(-1.0, 1.0), is_reference=True)
_COLUMNS = 3


def similarity_charts(
    experiment: Experiment[ContractionSettings], observed: Sequence[Observed], name: str
) -> list[Chart]:
    """Return one grid per network: the features against the inputs, then each operator.

    Args:
        experiment: The experiment.
        observed: Its results, at one size.
        name: Stem of the files.
    """
    settings = experiment.settings
    charts: list[Chart] = []
    for network in settings.networks:
        # Only one seed: the pairs of several would hide each other.
        found = [
            replace(each, seeds=each.seeds[:1])
            for each in observed
            if each.network == network and not each.missing
        ]
        if found:
            panels = [_panel(stage, found, settings) for stage in ("features", *settings.pools)]
            charts.append(
                Grid(
                    name=f"{name}-{network}".replace("/", "-"),
                    title=f"{experiment.title} · {network}",
                    caption=f"{settings.pairs} random pairs of each data set in one untrained "
                    f"network (seed {settings.seeds[0]}); a dot is a pair. Above the line of no "
                    "change, its angle is smaller behind the operator than before it.",
                    charts=tuple(panels),
                    columns=min(_COLUMNS, len(panels)),
                    is_shared=False,
                )
            )
    return charts


def _panel(stage: str, found: Sequence[Observed], settings: ContractionSettings) -> Scatter:
    is_layer = stage == "features"
    clouds = []
    for each in found:
        steps = next(p for p in stages(each, settings) if p.name == stage).steps
        before, after = zip(*steps, strict=True) if steps else ((), ())
        clouds.append(Cloud(label=each.source.label, x=before, y=after))
    return Scatter(
        name=stage,
        title="features" if is_layer else stage,
        x=_axis(f"similarity of {'inputs' if is_layer else 'features'}", clouds, "x"),
        y=_axis("similarity behind", clouds, "y"),
        clouds=tuple(clouds),
        references=(_kernel() if is_layer else _NO_CHANGE,),
    )


def _axis(label: str, clouds: Sequence[Cloud], of: str) -> Axis:
    values = [value for cloud in clouds for value in getattr(cloud, of)] or [0.0]
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.05
    return Axis(label=label, limits=(low - room, high + room))


def _kernel() -> Curve:
    x = tuple(2 * step / _STEPS - 1 for step in range(_STEPS + 1))
    return Curve(
        label="arccosine kernel", x=x, y=tuple(map(arccosine_kernel, x)), is_reference=True
    )
