"""Several conditions together: how each variant does against the baseline, and how it ranks.

A condition is a network and a data set. Nothing is averaged over conditions but ranks and
probabilities, which mean the same in each of them; points of accuracy do not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

from poolbench.core.counted import counted
from poolbench.core.errors import BadInput
from poolbench.stats.comparison import Comparison
from poolbench.stats.costs import oriented
from poolbench.stats.pairwise import Pair
from poolbench.stats.rank_over_conditions import (
    LEAST_RANKED,
    LEAST_TESTED,
    RankTestOverConditions,
    compare_ranks,
    mean_ranks_over,
    ranks_in,
)
from poolbench.stats.scale import ratio_of
from poolbench.stats.shift import Interval
from poolbench.stats.superiority import mean_interval

Standing = Literal["win", "tie", "loss"]
_STANDINGS: tuple[Standing, ...] = ("win", "tie", "loss")
_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """One variant against the baseline in one condition.

    Args:
        pair: Their comparison in this condition alone.
        standing: ``tie`` if the shift is at most the margin, whatever its interval.
    """

    pair: Pair
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class Record:
    """One variant against the baseline over all comparable conditions.

    Args:
        wins: Conditions in which it is better by more than the margin.
        ties: Conditions in which the shift is at most the margin.
        losses: Conditions in which it is worse by more than the margin.
        superiority: Chance that a run of it is better than one of the baseline, averaged over the
            conditions; ``None`` where these are too few.
        superiority_ci: Its interval over seeds, for these conditions.
    """

    wins: int
    ties: int
    losses: int
    superiority: float | None
    superiority_ci: Interval | None


@dataclass(frozen=True, kw_only=True)
class Overall:
    """What several conditions show together.

    Args:
        comparisons: The comparison of every condition, in the suite's order.
        incomparable: Why a condition is left out of everything here, by its name.
    """

    comparisons: Mapping[str, Comparison]
    incomparable: Mapping[str, str]

    @property
    def comparable(self) -> tuple[str, ...]:
        """The conditions that count."""
        return tuple(name for name in self.comparisons if name not in self.incomparable)

    @property
    def first(self) -> Comparison:
        """A comparison, for what all of them have in common: variants, baseline, level, margin."""
        return next(iter(self.comparisons.values()))

    @cached_property
    def contrasts(self) -> Mapping[str, Mapping[str, Contrast]]:
        """By variant and comparable condition, the comparison with the baseline."""
        found: dict[str, dict[str, Contrast]] = {}
        for condition in self.comparable:
            comparison = self.comparisons[condition]
            for pair in comparison.contrasts:
                found.setdefault(pair.b, {})[condition] = _contrast(pair, comparison)
        return found

    @cached_property
    def records(self) -> Mapping[str, Record]:
        """How each variant does against the baseline; empty without one."""
        return {name: _record(list(row.values())) for name, row in self.contrasts.items()}

    @cached_property
    def mean_ranks(self) -> Mapping[str, float]:
        """Each variant's mean rank; empty where the conditions are too few."""
        return mean_ranks_over(self._ranks) if len(self._ranks) >= LEAST_RANKED else {}

    @cached_property
    def test(self) -> RankTestOverConditions | None:
        """The test of ranks; ``None`` where the conditions are too few."""
        if len(self._ranks) < LEAST_TESTED:
            return None
        return compare_ranks(self._ranks, alpha=self.first.alpha)

    @cached_property
    def _ranks(self) -> list[dict[str, float]]:
        ranks = []
        for condition in self.comparable:
            comparison = self.comparisons[condition]
            lower_is_better = comparison.lower_is_better
            costs, _ = oriented(comparison.values, lower_is_better=lower_is_better)
            ranks.append(ranks_in(costs))
        return ranks


def overall(comparisons: Mapping[str, Comparison], unlike: Mapping[str, str] = _NONE) -> Overall:
    """Take several conditions together.

    Args:
        comparisons: The comparison of each condition, at least two, of the same variants and by
            the same metric.
        unlike: Why the runs of a condition are not comparable with one another, by its name.

    Returns:
        What they show. A condition with a missing run is left out and named.

    Raises:
        BadInput: There are fewer than two conditions or variants, or conditions differ in their
            variants, baseline, direction, level, margin or pairing.
    """
    if len(comparisons) < 2:
        raise BadInput(
            f"{counted(len(comparisons), 'condition')} cannot be taken together",
            "give two or more: data sets, networks",
        )
    first_name, first = next(iter(comparisons.items()))
    if len(first.values) < 2:
        raise BadInput("one variant has nothing to be compared with", "give two or more variants")
    for name, each in comparisons.items():
        for what, here, there in (
            ("variants", [*each.values], [*first.values]),
            ("baseline", each.baseline, first.baseline),
            ("direction of the metric", each.lower_is_better, first.lower_is_better),
            ("level alpha", each.alpha, first.alpha),
            ("margin", each.margin, first.margin),
            ("pairing", each.paired, first.paired),
        ):
            if here != there:
                raise BadInput(
                    f"'{name}' and '{first_name}' are not comparable: another {what}",
                    "conditions have the same variants, metric and analysis",
                )
    return Overall(
        comparisons=dict(comparisons),
        incomparable={
            name: reason
            for name, each in comparisons.items()
            if (reason := unlike.get(name, "") or _incomplete(each))
        },
    )


def _incomplete(comparison: Comparison) -> str:
    """Return what a condition lacks; empty if nothing."""
    estimates = comparison.estimates.values()
    missing, asked = sum(e.n_missing for e in estimates), sum(e.n_asked for e in estimates)
    return f"{missing} of {counted(asked, 'run')} missing" if missing else ""


def _contrast(pair: Pair, comparison: Comparison) -> Contrast:
    return Contrast(pair=pair, standing=_standing(pair.shift, comparison))


def _standing(shift: float, comparison: Comparison) -> Standing:
    margin = ratio_of(comparison.margin) if comparison.margin else Fraction(0)
    gain = -shift if comparison.lower_is_better else shift
    # Exactly, so that a shift of just the margin is a tie.
    size = ratio_of(gain) if math.isfinite(gain) else gain
    return "win" if size > margin else "loss" if size < -margin else "tie"


def _record(row: list[Contrast]) -> Record:
    counts = {standing: sum(each.standing == standing for each in row) for standing in _STANDINGS}
    chances = [each.pair.superiority for each in row]
    intervals = [each.pair.superiority_ci for each in row]
    has_mean = len(row) >= LEAST_RANKED
    return Record(
        wins=counts["win"],
        ties=counts["tie"],
        losses=counts["loss"],
        superiority=math.fsum(chances) / len(chances) if has_mean else None,
        superiority_ci=mean_interval(chances, intervals) if has_mean else None,
    )
