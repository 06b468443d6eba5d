"""Whether a condition holds, does not hold, or is undecided, by a confidence interval."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from poolbench.stats.costs import is_constant, oriented, present
from poolbench.stats.estimate import constant_value, estimate
from poolbench.stats.floor import seeds_needed
from poolbench.stats.scale import ratio_of
from poolbench.stats.shift import Interval, location_shift

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
        reason: Why it is undecided; empty otherwise.
    """

    outcome: Outcome
    value: float
    interval: Interval | None
    n: int
    reason: str = ""


def judge_level(
    values: Sequence[float | None],
    sign: str,
    bound: float | Fraction,
    *,
    lower_is_better: bool,
    alpha: float = 0.05,
) -> Judgement:
    """Judge the condition ``mean < bound`` by Student's interval of the mean.

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
    return _judged(seen.mean, (low, high), _outcome((low, high), sign, ratio_of(bound)), n)


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
    """Judge the condition ``candidate - reference < bound`` by the Hodges-Lehmann interval.

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
    steps, interval = location_shift(first, second, alpha=alpha, paired=paired)
    sizes = len(present(first)), len(present(second))
    value = scale.value(steps if lower_is_better else -steps)
    if is_constant(first) and is_constant(second):
        return _frozen(value, min(sizes))
    if interval is None:
        needed = seeds_needed(alpha, paired=paired)
        reason = (
            f"{sizes[1]} seeds against {sizes[0]} have no interval at {100 * (1 - alpha):g} %: "
            f"it needs {needed} each"
        )
        return _undecided(value, min(sizes), reason)
    low, high = interval if lower_is_better else (-interval[1], -interval[0])
    outcome = _outcome((low, high), sign, scale.bound(bound))
    return _judged(value, (scale.value(low), scale.value(high)), outcome, min(sizes))


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


def _judged(value: float, interval: Interval, outcome: Outcome, n: int) -> Judgement:
    reason = ""
    if outcome == "undecided":
        reason = (
            "diverged runs leave the interval open: no run may diverge"
            if np.isinf(interval).any()
            else "the interval reaches both sides of the bound: more seeds narrow it"
        )
    return Judgement(outcome=outcome, value=value, interval=interval, n=n, reason=reason)


def _frozen(value: float, n: int) -> Judgement:
    return _undecided(value, n, f"{n} seeds gave one identical value: is the seed applied?")


def _undecided(value: float, n: int, reason: str) -> Judgement:
    return Judgement(outcome="undecided", value=value, interval=None, n=n, reason=reason)
