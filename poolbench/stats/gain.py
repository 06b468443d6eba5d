"""How much better one recipe is than another, over the folds that both were scored on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from poolbench.stats.estimate import estimate
from poolbench.stats.resampled import resampled_interval
from poolbench.stats.shift import Interval

# Differences of shares of whole images are equal up to rounding, or further apart than this.
_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class Gain:
    """A mean difference over folds.

    Args:
        mean: The mean difference of accuracies; ``None`` if it cannot be told.
        interval: Its interval; ``None`` if there is none.
        doubt: Why there is no mean or no interval, as text; empty if there are both.
    """

    mean: float | None
    interval: Interval | None = None
    doubt: str = ""

    @property
    def is_clear(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.interval is not None and self.interval[0] > 0


def gain_of(
    start: Mapping[int, float], best: Mapping[int, float], held_out: float, *, alpha: float
) -> Gain:
    """Return how much better the best recipe of a search is than its start.

    The best was chosen on these folds, so the gain is optimistic.

    Args:
        start: Accuracy of the start by fold; NaN = diverged.
        best: Accuracy of the best.
        held_out: Share of the images that each fold holds out, in (0, 1).
        alpha: One minus the confidence of the interval, in (0, 1).
    """
    shared = [fold for fold in best if fold in start]
    for name, scores in (("start", start), ("best", best)):
        lost = sum(math.isnan(scores[fold]) for fold in shared)
        if lost:
            times = "" if lost == len(shared) else f" on {lost} of {len(shared)} folds"
            return Gain(mean=None, doubt=f"the {name} diverged{times}")
    gains = [best[fold] - start[fold] for fold in shared]
    if not gains:
        return Gain(mean=None, doubt="start and best share no fold")
    mean = estimate(gains).mean
    if len(gains) < 2:
        return Gain(mean=mean, doubt="no interval from one fold")
    if len({round(gain, _DIGITS) for gain in gains}) == 1:
        return Gain(mean=mean, doubt="no interval: the difference is the same on every fold")
    return Gain(mean=mean, interval=resampled_interval(gains, held_out, alpha=alpha))
