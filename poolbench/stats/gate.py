"""Whether a condition holds, does not hold, or is undecided, by a confidence interval.

A gate acts on few runs, of unequal number and spread, and nobody looks at them. So its interval is
the hull of two: one by ranks, which outliers do not mislead, and one by Student's t, which exists
from two runs on and keeps its level where spreads are unequal. Either side of a bound is decided
only where both agree.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from poolbench.stats.costs import Costs, complete_blocks, is_constant, oriented, present
from poolbench.stats.estimate import constant_value, estimate
from poolbench.stats.floor import seeds_needed
from poolbench.stats.scale import ratio_of
from poolbench.stats.shift import Interval, location_shift, mean_difference, median_interval

Outcome = Literal["passes", "fails", "undecided"]

Number = float | Fraction

_HOLDS: Mapping[str, Callable[[Number, Number], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What an interval says about a condition that must not hold.

    Args:
        outcome: ``fails`` if the condition holds on the whole interval, ``passes`` if it holds
            nowhere on it, otherwise ``undecided``.
        value: Mean, or Hodges-Lehmann shift, in the metric's unit; NaN without runs.
        interval: Interval of the value; infinite on the side of diverged runs; ``None`` if there
            is none.
        n: Number of runs, diverged ones included.
        reason: Why it is undecided, or fails whatever the interval; empty otherwise.
        caveat: What limits an outcome; empty for nothing.
    """

    outcome: Outcome
    value: float
    interval: Interval | None
    n: int
    reason: str = ""
    caveat: str = ""


def judge_level(
    values: Sequence[float | None],
    sign: str,
    bound: float | Fraction,
    *,
    lower_is_better: bool,
    alpha: float = 0.05,
) -> Judgement:
    """Judge the condition ``value < bound`` of what runs typically reach.

    The interval spans Student's of the mean and, from six runs on, that of the median by order
    statistics, which has its level whatever the distribution.

    Args:
        values: One per seed; NaN = diverged, ``None`` = missing.
        sign: ``<``, ``<=``, ``>`` or ``>=``.
        bound: In the unit of the values.
        lower_is_better: Whether smaller is better; a diverged run has no value, so the interval is
            infinite on the worse side.
        alpha: One minus the confidence, in (0, 1).
    """
    seen = estimate(values, confidence=1 - alpha)
    n = seen.n + seen.n_diverged
    if n < 2:
        return _undecided(seen.mean, n, f"n = {n}: an interval needs 2 seeds")
    if math.isfinite(constant_value(values)):
        return _frozen(seen.mean, n)
    worst = math.inf if lower_is_better else -math.inf
    low, high = (seen.ci_low, seen.ci_high) if seen.n > 1 else (-math.inf, math.inf)
    if not seen.n:
        low = high = worst
    elif seen.n_diverged:
        low, high = (low, worst) if lower_is_better else (worst, high)
    by_order = median_interval(values, alpha=alpha) if seen.n == n else None
    hull = (low, high) if by_order is None else (min(low, by_order[0]), max(high, by_order[1]))
    ends = tuple(ratio_of(end) if math.isfinite(end) else end for end in hull)
    outcome = _outcome((ends[0], ends[1]), sign, ratio_of(bound))
    caveat = _BY_T_ALONE if by_order is None and seen.n > 1 else ""
    return _judged(seen.mean, hull, outcome, n, caveat)


def judge_shift(
    reference: Sequence[float | None],
    candidate: Sequence[float | None],
    sign: str,
    bound: float | Fraction,
    *,
    lower_is_better: bool,
    paired: bool = False,
    alpha: float = 0.05,
) -> Judgement:
    """Judge the condition ``candidate - reference < bound``.

    The interval spans that of the Hodges-Lehmann shift and Welch's of the difference in mean, or
    their kin of paired differences.

    Args:
        reference: One per seed; NaN = diverged, ``None`` = missing.
        candidate: The same; with ``paired``, in the same order of seeds.
        sign: ``<``, ``<=``, ``>`` or ``>=``.
        bound: In the unit of the values.
        lower_is_better: Whether smaller is better; a diverged run ranks worst.
        paired: Whether seeds are blocks.
        alpha: One minus the confidence, in (0, 1).
    """
    costs, scale = oriented({"a": reference, "b": candidate}, lower_is_better=lower_is_better)
    first, second = costs["a"], costs["b"]
    steps, by_rank = location_shift(first, second, alpha=alpha, paired=paired)
    by_t = mean_difference(first, second, alpha=alpha, paired=paired)
    sizes = (len(present(first)), len(present(second)))
    n = len(complete_blocks((first, second))) if paired else min(sizes)
    value = scale.value(steps if lower_is_better else -steps)
    if is_constant(first) and is_constant(second):
        return _frozen(value, n)
    found = [interval for interval in (by_rank, by_t) if interval is not None]
    if not found:
        return _undecided(value, n, _why_no_interval(first, second, n, paired=paired, alpha=alpha))
    low, high = min(low for low, _ in found), max(high for _, high in found)
    if not lower_is_better:
        low, high = -high, -low
    outcome = _outcome((low, high), sign, scale.bound(bound))
    caveat = _BY_T_ALONE if by_rank is None else ""
    return _judged(value, (scale.value(low), scale.value(high)), outcome, n, caveat)


def judge_exact(value: float, sign: str, bound: float | Fraction, n: int) -> Judgement:
    """Judge a number that no seed changes, such as a parameter count; NaN without runs."""
    if math.isnan(value):
        return _undecided(value, n, "there is no run, or the runs disagree")
    exact = ratio_of(value)
    outcome = _outcome((exact, exact), sign, ratio_of(bound))
    return _judged(value, (value, value), outcome, n)


def _outcome(interval: tuple[Number, Number], sign: str, bound: Fraction) -> Outcome:
    low, high = (_HOLDS[sign](end, bound) for end in interval)
    if low == high:
        return "fails" if low else "passes"
    return "undecided"


_OPEN = "runs or probes that diverged leave the interval open: none may diverge"
_BY_T_ALONE = "so few seeds have an interval by Student's t alone, which assumes normal values"


def _why_no_interval(first: Costs, second: Costs, n: int, *, paired: bool, alpha: float) -> str:
    if n < 2:
        return f"n = {n}: an interval needs 2 seeds {'that both have' if paired else 'each'}"
    if np.isinf(first).any() or np.isinf(second).any():
        return _OPEN
    needed = seeds_needed(alpha, paired=paired)
    return (
        f"all {n} seeds differ by the same: their spread is no measure of chance, and ranks need "
        f"{needed} seeds"
    )


def _judged(
    value: float, interval: Interval, outcome: Outcome, n: int, caveat: str = ""
) -> Judgement:
    reason = ""
    if outcome == "undecided":
        reason = (
            _OPEN
            if np.isinf(interval).any()
            else "the interval reaches both sides of the bound: more seeds narrow it"
        )
    return Judgement(
        outcome=outcome, value=value, interval=interval, n=n, reason=reason, caveat=caveat
    )


def _frozen(value: float, n: int) -> Judgement:
    return _undecided(value, n, f"{n} seeds gave one identical value: is the seed applied?")


def _undecided(value: float, n: int, reason: str) -> Judgement:
    return Judgement(outcome="undecided", value=value, interval=None, n=n, reason=reason)
