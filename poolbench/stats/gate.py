"""Whether a condition holds, does not hold, or is undecided, by a confidence interval."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from poolbench.stats.costs import costs_of, is_constant, oriented
from poolbench.stats.estimate import estimate
from poolbench.stats.floor import seeds_needed
from poolbench.stats.pairwise import compare_pairs
from poolbench.stats.shift import Interval

Outcome = Literal["passes", "fails", "undecided"]

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
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
    bound: float,
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
        reason = f"n = {n}: an interval needs 2 seeds"
        return Judgement(outcome="undecided", value=seen.mean, interval=None, n=n, reason=reason)
    if is_constant(costs_of(values, lower_is_better=lower_is_better)):
        return _frozen(seen.mean, n)
    worst = math.inf if lower_is_better else -math.inf
    low, high = (seen.ci_low, seen.ci_high) if seen.n > 1 else (-math.inf, math.inf)
    if not seen.n:
        low = high = worst
    elif seen.n_diverged:
        low, high = (low, worst) if lower_is_better else (worst, high)
    return _judged(seen.mean, (low, high), sign, bound, n)


def judge_shift(
    reference: Sequence[float | None],
    candidate: Sequence[float | None],
    sign: str,
    bound: float,
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
    costs = oriented({"a": reference, "b": candidate}, lower_is_better=lower_is_better)
    (pair,) = compare_pairs(
        [("a", "b")], costs, lower_is_better=lower_is_better, alpha=alpha, paired=paired
    )
    n = min(pair.n_a, pair.n_b)
    if is_constant(costs["a"]) and is_constant(costs["b"]):
        return _frozen(pair.shift, n)
    if pair.shift_ci is None:
        needed = seeds_needed(alpha, paired=paired)
        reason = (
            f"{pair.n_b} seeds against {pair.n_a} have no interval at {100 * (1 - alpha):g} %: "
            f"that needs {needed} each"
        )
        return Judgement(outcome="undecided", value=pair.shift, interval=None, n=n, reason=reason)
    return _judged(pair.shift, pair.shift_ci, sign, bound, n)


def judge_exact(value: float, sign: str, bound: float, n: int) -> Judgement:
    """Judge a number that no seed changes, such as a parameter count; NaN without runs."""
    if math.isnan(value):
        reason = "there is no run, or the runs disagree"
        return Judgement(outcome="undecided", value=value, interval=None, n=n, reason=reason)
    return _judged(value, (value, value), sign, bound, n)


def _judged(value: float, interval: Interval, sign: str, bound: float, n: int) -> Judgement:
    low, high = (_HOLDS[sign](end, bound) for end in interval)
    if low == high:
        outcome: Outcome = "fails" if low else "passes"
        return Judgement(outcome=outcome, value=value, interval=interval, n=n)
    reason = "the interval reaches both sides of the bound: more seeds narrow it"
    if np.isinf(interval).any():
        reason = "diverged runs leave the interval open: no run may diverge"
    return Judgement(outcome="undecided", value=value, interval=interval, n=n, reason=reason)


def _frozen(value: float, n: int) -> Judgement:
    reason = f"{n} seeds gave one identical value: is the seed applied?"
    return Judgement(outcome="undecided", value=value, interval=None, n=n, reason=reason)
