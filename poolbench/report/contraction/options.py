"""Similarity against the only option that differs between the sources of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from poolbench.core.contraction import ContractionSettings, Observed
from poolbench.core.experiment import Experiment
from poolbench.report.chart import Axis, Curve, Curves
from poolbench.report.contraction.similarities import Stage, stages
from poolbench.stats import estimate


def option_charts(
    experiment: Experiment[ContractionSettings], observed: Sequence[Observed], name: str
) -> list[Curves]:
    """Return one chart per network: a curve per stage, with the published one if there is one.

    Args:
        experiment: The experiment.
        observed: Its results, at one size.
        name: Stem of the files.

    Returns:
        The charts; none if the sources are of several kinds, or differ in more than one number.
    """
    option = _only_option(observed)
    if not option:
        return []
    settings = experiment.settings
    charts: list[Curves] = []
    for network in settings.networks:
        found = {
            float(each.source.source.options[option]): each
            for each in observed
            if each.network == network and not each.missing
        }
        if len(found) > 1:
            rising = dict(sorted(found.items()))
            charts.append(
                Curves(
                    name=f"{name}-{network}-{option}".replace("/", "-"),
                    title=f"{experiment.title} · {network}",
                    caption=f"mean over pairs and {len(settings.seeds)} untrained networks; band: "
                    "± standard deviation of the networks' means",
                    x=Axis(label=option),
                    y=Axis(label="cosine similarity"),
                    curves=tuple(_curves(rising, settings)),
                )
            )
    return charts


def _only_option(observed: Sequence[Observed]) -> str:
    sources = [each.source.source for each in observed]
    if len({source.name for source in sources}) != 1 or not sources:
        return ""
    differing = [
        key
        for key in sources[0].options
        if len({str(source.options.get(key)) for source in sources}) > 1
        and all(type(source.options.get(key)) in (int, float) for source in sources)
    ]
    return differing[0] if len(differing) == 1 else ""


def _curves(rising: Mapping[float, Observed], settings: ContractionSettings) -> Iterator[Curve]:
    x = tuple(rising)
    by_stage: dict[str, list[Stage]] = {}
    for each in rising.values():
        for stage in stages(each, settings):
            by_stage.setdefault(stage.name, []).append(stage)
    for label, found in by_stage.items():
        over_seeds = [estimate(stage.means) for stage in found]
        means = [e.mean for e in over_seeds]
        spreads = [e.std if e.n > 1 else 0.0 for e in over_seeds]
        yield Curve(
            label=label,
            x=x,
            y=tuple(means),
            low=tuple(mean - spread for mean, spread in zip(means, spreads, strict=True)),
            high=tuple(mean + spread for mean, spread in zip(means, spreads, strict=True)),
        )
    for label in by_stage:
        printed = [
            None if each.source.incomparable else each.source.published.get(label)
            for each in rising.values()
        ]
        known = [(at, value) for at, value in zip(x, printed, strict=True) if value is not None]
        if known:
            at, value = zip(*known, strict=True)
            yield Curve(label=f"{label}, published", x=at, y=value, is_reference=True)
