"""The points of a search as pictures: each setting against accuracy, and all settings together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from poolbench.core.search import short_name
from poolbench.core.study import Study
from poolbench.report.chart import Axis, Chart, Cloud, Grid, Parallels, Scatter
from poolbench.report.search.searched import Searched, Tried

# A setting over a wider range is shown on a logarithmic axis.
_WIDE = 5.0
_ROUNDS = " Those of a round have the accuracy on its own fold, finalists that on the final folds."


def search_charts(study: Study, found: Sequence[Searched]) -> list[Chart]:
    """Return for each search its slices and its parallel coordinates; none below two points.

    Args:
        study: The study with the search.
        found: Its searches.
    """
    charts: list[Chart] = []
    for searched in found:
        sound = [tried for tried in searched.tried if math.isfinite(tried.mean)]
        keys = [
            key
            for key in dict.fromkeys(key for tried in sound for key in tried.point.values)
            if len({tried.point.values.get(key) for tried in sound}) > 1
        ]
        if keys and len(sound) > 1:
            charts += _charts(study, searched, sound, keys)
    return charts


def _charts(
    study: Study, searched: Searched, sound: Sequence[Tried], keys: Sequence[str]
) -> list[Chart]:
    name = f"{searched.dataset}-{searched.variant}-search"
    title = f"{study.heading} · {searched.dataset} · {searched.variant} · search"
    rounds = "" if all(tried.decides for tried in sound) else _ROUNDS
    accuracy = Axis(label="accuracy on the folds (%)", is_share=True)
    axes = {key: _axis(key, [tried.point.values[key] for tried in sound]) for key in keys}
    slices = Grid(
        name=f"{name}-slices",
        title=title,
        caption=f"Every recipe that was tried, by its mean accuracy against each setting.{rounds}",
        charts=tuple(
            Scatter(
                name=short_name(key),
                title=short_name(key),
                x=axes[key],
                y=accuracy,
                clouds=tuple(_clouds(searched, sound, key)),
            )
            for key in keys
        ),
        is_shared=False,
    )
    best = None if searched.outcome is None else searched.outcome.best.key
    ends = [index for index, tried in enumerate(sound) if tried.point.key == best]
    parallels = Parallels(
        name=f"{name}-parallels",
        title=title,
        caption="Every recipe that was tried, as a line coloured by its mean accuracy; thick: "
        f"where the search ended.{rounds}",
        axes=(*axes.values(), accuracy),
        lines=tuple((*(tried.point.values[key] for key in keys), tried.mean) for tried in sound),
        highlighted=ends[0] if ends else None,
    )
    return [slices, parallels]


def _clouds(searched: Searched, sound: Sequence[Tried], key: str) -> list[Cloud]:
    outcome = searched.outcome
    named = {} if outcome is None else {outcome.start.key: "start", outcome.best.key: "end"}
    has_rounds = not all(tried.decides for tried in sound)
    groups: dict[str, list[Tried]] = {"round": [], "finalist" if has_rounds else "tried": []}
    for tried in sound:
        label = "round" if not tried.decides else "finalist" if has_rounds else "tried"
        groups.setdefault(named.get(tried.point.key, label), []).append(tried)
    return [
        Cloud(
            label=label,
            x=tuple(tried.point.values[key] for tried in group),
            y=tuple(tried.mean for tried in group),
        )
        for label, group in groups.items()
        if group
    ]


def _axis(key: str, values: Sequence[float]) -> Axis:
    is_wide = min(values) > 0 and max(values) > _WIDE * min(values)
    return Axis(label=short_name(key), scale="log" if is_wide else "linear")
