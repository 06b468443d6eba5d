"""How fast LAE nears the max and the mean, and its derivative by temperature, as it is pooled."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.core.smooth_maximum import Limit
from poolbench.core.theory import LimitsSettings
from poolbench.operators.functional import log_avg_exp, maximum

_FEWEST = 3
_MOST_ELEMENTS = 10_000_000


def measure_limits(settings: LimitsSettings) -> tuple[Limit, ...]:
    """Pool uniform windows in [0, 1] at low and at high temperatures.

    Args:
        settings: Which.

    Raises:
        BadInput: A number is out of range, or there are too few temperatures to fit a rate to.

    References:
        Lowe, Trappenberg, Oore 2021, supplementary material: corollary 1, theorems 2 and 4.
    """
    for name, temperatures in (("low", settings.low), ("high", settings.high)):
        rises = all(a < b for a, b in itertools.pairwise(temperatures))
        if len(temperatures) < _FEWEST or not rises or not 0 < temperatures[0] < math.inf:
            raise BadInput(
                f"the {name} temperatures are {', '.join(f'{t:g}' for t in temperatures)}",
                f"give at least {_FEWEST} ascending ones above 0: --{name} 0.001,0.01,0.1",
            )
    for name, number, least in (("samples", settings.samples, 1), ("seeds", settings.seeds, 1)):
        if number < least:
            raise BadInput(f"{name} is {number}", f"choose at least {least}: --{name} 5")
    for n in settings.n:
        if n < 2:
            raise BadInput(f"n is {n}", "choose windows of at least 2 elements: --n 4,49")
        if n * settings.samples > _MOST_ELEMENTS:
            raise BadInput(
                f"{settings.samples:,} windows of {n:,} elements do not fit",
                "choose fewer: --samples 100",
            )
    return tuple(
        _limit(n, to, temperatures, settings)
        for n in settings.n
        for to, temperatures in _ends(settings)
    )


def _ends(settings: LimitsSettings) -> Iterator[tuple[Literal["max", "mean"], tuple[float, ...]]]:
    yield "max", settings.low
    yield "mean", settings.high


def _limit(
    n: int, to: Literal["max", "mean"], temperatures: tuple[float, ...], settings: LimitsSettings
) -> Limit:
    gaps, leading, deviation = [], [], 0.0
    for seed in range(settings.seeds):
        generator = torch.Generator().manual_seed(seed)
        z = torch.rand(settings.samples, 1, 1, n, dtype=torch.float64, generator=generator)
        mean, variance = z.mean((1, 2, 3)), z.var((1, 2, 3), correction=0)
        row, terms = [], []
        for t in temperatures:
            pooled, slope = _pooled(z, t)
            deviation = max(deviation, _deviation(slope, z, pooled, t))
            end = maximum(z).flatten() if to == "max" else mean
            row.append(float((pooled - end).abs().mean()))
            terms.append(t * math.log(n) if to == "max" else float(variance.mean()) / (2 * t))
        gaps.append(tuple(row))
        leading.append(tuple(terms))
    return Limit(
        n=n,
        to=to,
        t=temperatures,
        gaps=tuple(gaps),
        leading=tuple(leading),
        derivative_deviation=deviation,
    )


def _pooled(z: Tensor, t: float) -> tuple[Tensor, Tensor]:
    """Return LAE of each window and its derivative by t, from the operator's gradient."""
    # A temperature for each window, so that one backward pass gives the slope of each.
    windows = z.transpose(0, 1)
    log_t = torch.full((len(z),), math.log(t), dtype=torch.float64, requires_grad=True)
    pooled = log_avg_exp(windows, log_t).flatten()
    (by_log_t,) = torch.autograd.grad(pooled.sum(), log_t)
    return pooled.detach(), by_log_t / t


def _deviation(slope: Tensor, z: Tensor, pooled: Tensor, t: float) -> float:
    """Return the largest difference of the slopes from Theorem 4's formula, by the largest slope.

    Of a single window whose elements nearly agree, the formula itself loses its digits.
    """
    rows = z.flatten(1)
    formula = (pooled - (torch.softmax(rows / t, 1) * rows).sum(1)) / t
    return float((slope - formula).abs().max() / formula.abs().max())
