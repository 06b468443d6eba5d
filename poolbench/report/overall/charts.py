"""The charts over conditions: the forest of shifts and, where ranks are tested, their line."""

from __future__ import annotations

from collections.abc import Iterator

from poolbench.core.counted import counted
from poolbench.report.chart import Axis, Chart
from poolbench.report.charts_over_conditions import Forest, ForestGroup, ForestRow, RankLine
from poolbench.report.number_format import level_of
from poolbench.report.overall.conditions import Conditions
from poolbench.stats.overall import Overall


def overall_charts(conditions: Conditions) -> list[Chart]:
    """Return the shifts against the baseline, if there is one, and the ranks, if they are tested.

    Args:
        conditions: What conditions show together; one that is not comparable is in no chart.
    """
    return [*_forest(conditions), *_rank_line(conditions)]


def _forest(conditions: Conditions) -> Iterator[Forest]:
    overall = conditions.overall
    first = overall.first
    shown = [name for name in conditions.shown if name in overall.contrasts]
    if not shown:
        return
    direction = "lower" if first.lower_is_better else "higher"
    margin = f"; band: ±{100 * first.margin:g} points" if first.margin else ""
    yield Forest(
        name="overall-shifts",
        title=f"{conditions.heading} · shifts against {first.baseline}",
        caption=(
            f"dot: Hodges-Lehmann shift; bar: its {level_of(first.alpha)} % interval, of each "
            f"comparison alone; {direction} {conditions.metric} is better{margin}"
        ),
        x=Axis(label=f"test {conditions.metric} against {first.baseline} (points)", is_share=True),
        groups=tuple(ForestGroup(label=name, rows=_rows(overall, name)) for name in shown),
        margin=first.margin or 0.0,
    )


def _rows(overall: Overall, name: str) -> tuple[ForestRow, ...]:
    return tuple(
        ForestRow(label=condition, value=found.pair.shift, interval=found.pair.shift_ci)
        for condition, found in overall.contrasts[name].items()
    )


def _rank_line(conditions: Conditions) -> Iterator[RankLine]:
    overall, test = conditions.overall, conditions.overall.test
    if test is None or test.critical_difference is None:
        return
    n = counted(len(overall.comparable), "condition")
    meaning = "not shown to differ" if test.is_decided else "no difference shown by Friedman's test"
    yield RankLine(
        name="overall-ranks",
        title=f"{conditions.heading} · mean ranks, test {conditions.metric}",
        caption=(
            f"mean rank over {n}, 1 is best; bar: {meaning} (Nemenyi, alpha = "
            f"{overall.first.alpha:g})"
        ),
        x=Axis(label="mean rank"),
        ranks=overall.mean_ranks,
        groups=test.groups,
        critical_difference=test.critical_difference,
    )
