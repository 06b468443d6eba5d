"""The definition of every operator: from the elements of one window to one float64.

They are references for tests/operators, not for use. An entry names its own in ``definition``.
Options and learned values are passed by name to a definition that has parameters for them.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence


def mean(z: Sequence[float]) -> float:
    """Return sum(z) / n."""
    return math.fsum(z) / len(z)


def maximum(z: Sequence[float]) -> float:
    """Return max(z)."""
    return max(z)


def minimum(z: Sequence[float]) -> float:
    """Return min(z)."""
    return min(z)


def median(z: Sequence[float]) -> float:
    """Return the median; for even n, the midpoint of the middle two."""
    return statistics.median(z)


def average_max(z: Sequence[float]) -> float:
    """Return (mean(z) + max(z)) / 2."""
    return (mean(z) + max(z)) / 2


def mixed(z: Sequence[float], alpha: float) -> float:
    """Return alpha max(z) + (1 - alpha) mean(z)."""
    return alpha * max(z) + (1 - alpha) * mean(z)


def gated(z: Sequence[float | None], gate_weight: Sequence[Sequence[float]]) -> float:
    """Return the mixture with alpha = sigmoid(w . z); ``None`` in z is padding."""
    weights = itertools.chain.from_iterable(gate_weight)
    dot = math.fsum(w * v for w, v in zip(weights, z, strict=True) if v is not None)
    return mixed([v for v in z if v is not None], 1 / (1 + math.exp(-dot)))


def log_sum_exp(z: Sequence[float], temperature: float) -> float:
    """Return t log sum exp(z/t)."""
    t, peak = temperature, max(z)
    return peak + t * math.log(math.fsum(math.exp((v - peak) / t) for v in z))


def log_avg_exp(z: Sequence[float], temperature: float) -> float:
    """Return t (log sum exp(z/t) - log n)."""
    return log_sum_exp(z, temperature) - temperature * math.log(len(z))


def contextual_log_avg_exp(z: Sequence[float], temperature: float, context_weight: float) -> float:
    """Return log_avg_exp at t0 (1 + var(z)/t0^2)^(w/2)."""
    variance = mean([(v - mean(z)) ** 2 for v in z])
    return log_avg_exp(z, temperature * (1 + variance / temperature**2) ** (context_weight / 2))


def generalized_mean(z: Sequence[float], p: float) -> float:
    """Return (mean(max(z, 1e-6)^p))^(1/p)."""
    return float(mean([max(v, 1e-6) ** p for v in z]) ** (1 / p))


def lp_norm(z: Sequence[float], p: float) -> float:
    """Return (sum |z|^p)^(1/p)."""
    return float(math.fsum(abs(v) ** p for v in z) ** (1 / p))


def softmax_mean(z: Sequence[float], temperature: float) -> float:
    """Return sum softmax(z/t) z."""
    powers = [math.exp((v - max(z)) / temperature) for v in z]
    return math.fsum(w * v for w, v in zip(powers, z, strict=True)) / math.fsum(powers)


def quantile(z: Sequence[float], q: float) -> float:
    """Return the q-quantile, with linear interpolation between ranks."""
    ranked, position = sorted(z), q * (len(z) - 1)
    below, above = ranked[math.floor(position)], ranked[math.ceil(position)]
    return below + (position - math.floor(position)) * (above - below)


def subpool(
    z: Sequence[float], orders: Sequence[int], beta: Sequence[float] | None = None
) -> float:
    """Return the sum over r of beta_r M_r(z), M_0 = 1; by default beta of the least error."""
    from poolbench.theory.least_error import optimal_coefficients

    weights = optimal_coefficients(len(z), tuple(orders)) if beta is None else beta
    return math.fsum(b * subpool_max(z, r) for b, r in zip(weights, orders, strict=True))


def subpool_max(z: Sequence[float], r: int) -> float:
    """Return M_r, the mean of the maxes of all subsets of size min(r, n)."""
    return mean([max(part) for part in itertools.combinations(z, min(r, len(z)))]) if r else 1.0
