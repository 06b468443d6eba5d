"""Angle contraction as pictures: similarity before against similarity after, pair by pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from poolbench.core.contraction import ContractionSettings, Observed, arccosine_kernel
from poolbench.core.experiment import Experiment
from poolbench.report.chart import Axis, Cloud, Curve, Grid, Scatter
from poolbench.report.contraction.similarities import Stage, stages
from poolbench.report.number_format import fixed

_STEPS = 100
_NO_CHANGE = Curve(label="no change", x=(-1.0, 1.0), y=(-1.0, 1.0), is_reference=True)
_NO_BREAK = "\N{NO-BREAK SPACE}"
_COLUMNS = 3
# More clouds in one panel hide each other.
_MOST_CLOUDS = 4


def similarity_charts(
    experiment: Experiment[ContractionSettings], observed: Sequence[Observed], name: str
) -> list[Grid]:
    """Return the pictures of each network: the features against the inputs, then each operator.

    Up to four sources of pairs share a panel for each stage. Several sources also get a picture of
    the features with a panel each, beside the arccosine kernel; more than four, one of each stage.

    Args:
        experiment: The experiment.
        observed: Its results, at one size.
        name: Stem of the files.
    """
    settings = experiment.settings
    charts: list[Grid] = []
    for network in settings.networks:
        found = [each for each in observed if each.network == network and not each.missing]
        if not found:
            continue
        stem, title = f"{name}-{network}".replace("/", "-"), f"{experiment.title} · {network}"
        names = ("features", *settings.pools)
        if len(found) <= _MOST_CLOUDS:
            panels = tuple(_together(stage, found, settings) for stage in names)
            charts.append(_grid(stem, title, _caption(settings), panels))
        if len(found) > 1:
            apart = names if len(found) > _MOST_CLOUDS else names[:1]
            charts += [_apart(stage, found, settings, stem, title) for stage in apart]
    return charts


def _together(stage: str, found: Sequence[Observed], settings: ContractionSettings) -> Scatter:
    """Return one panel with the pairs of every source."""
    clouds = tuple(_cloud(_stage(each, stage, settings), each) for each in found)
    x, y = _axes(stage, clouds)
    return Scatter(
        name=stage, title=stage, x=x, y=y, clouds=clouds, references=(_reference(stage),)
    )


def _apart(
    stage: str, found: Sequence[Observed], settings: ContractionSettings, stem: str, title: str
) -> Grid:
    """Return small multiples: a panel for every source, all with the same axes."""
    clouds = [_cloud(_stage(each, stage, settings), each) for each in found]
    x, y = _axes(stage, clouds)
    panels = tuple(
        Scatter(
            name=cloud.label,
            title=" · ".join((cloud.label, *_told(_stage(each, stage, settings)))),
            x=x,
            y=y,
            # The panel has the name; the legend needs one entry for all.
            clouds=(replace(cloud, label="a pair"),),
            references=(_reference(stage),),
        )
        for each, cloud in zip(found, clouds, strict=True)
    )
    caption = _caption(settings)
    if stage == "features":
        caption += (
            " Above a panel: mean signed distance from the kernel and the share of the pairs below "
            f"it, over {len(settings.seeds)} seed{'s' if len(settings.seeds) > 1 else ''}."
        )
    return replace(
        _grid(f"{stem}-{stage}".replace("/", "-"), f"{title} · {stage}", caption, panels),
        is_shared=True,
    )


def _told(stage: Stage) -> Iterator[str]:
    """Yield what a panel of features says about its pairs and the kernel."""
    distance = stage.from_kernel
    if stage.name == "features" and distance.n:
        yield fixed(distance.signed.mean, 3, sign="+")
        # A title that is too long is not broken inside a number.
        yield f"{100 * distance.share_below:.0f} % below".replace(" ", _NO_BREAK)


def _grid(name: str, title: str, caption: str, panels: tuple[Scatter, ...]) -> Grid:
    columns = min(_COLUMNS, len(panels))
    return Grid(
        name=name, title=title, caption=caption, charts=panels, columns=columns, is_shared=False
    )


def _caption(settings: ContractionSettings) -> str:
    return (
        f"{settings.pairs} random pairs of each data set in one untrained network (seed "
        f"{settings.seeds[0]}); a dot is a pair. Above the line of no change, its angle is smaller "
        "behind the operator than before it."
    )


def _stage(observed: Observed, name: str, settings: ContractionSettings) -> Stage:
    return next(stage for stage in stages(observed, settings) if stage.name == name)


def _cloud(stage: Stage, observed: Observed) -> Cloud:
    # Only one seed: the pairs of several would hide each other.
    steps = replace(stage, rows=stage.rows[:1], before=stage.before[:1]).steps
    before, after = zip(*steps, strict=True) if steps else ((), ())
    return Cloud(label=observed.source.label, x=before, y=after)


def _axes(stage: str, clouds: Sequence[Cloud]) -> tuple[Axis, Axis]:
    what = "inputs" if stage == "features" else "features"
    return (
        _axis(f"similarity of {what}", [value for cloud in clouds for value in cloud.x]),
        _axis("similarity behind", [value for cloud in clouds for value in cloud.y]),
    )


def _axis(label: str, values: Sequence[float]) -> Axis:
    low, high = min(values, default=0.0), max(values, default=0.0)
    room = 0.05 * (high - low) or 0.05
    return Axis(label=label, limits=(low - room, high + room))


def _reference(stage: str) -> Curve:
    if stage != "features":
        return _NO_CHANGE
    x = tuple(2 * step / _STEPS - 1 for step in range(_STEPS + 1))
    return Curve(
        label="arccosine kernel", x=x, y=tuple(map(arccosine_kernel, x)), is_reference=True
    )
