"""Pooling by the definition: Python loops over the elements of each window, in float64."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from poolbench.operators.window import Window

Definition = Callable[[Sequence[float]], float]


def pool_by_definition(x: Tensor, window: Window | None, definition: Definition) -> Tensor:
    """Apply a definition to the real elements of every window; torch gives only the size."""
    height, width = x.shape[2:]
    kernel, stride, padding = (height, width), (1, 1), (0, 0)
    rows, columns = 1, 1
    if window is not None:
        kernel, stride, padding = window.kernel_size, window.stride, window.padding
        rows, columns = torch.nn.MaxPool2d(kernel, stride, padding, ceil_mode=window.ceil_mode)(
            torch.zeros(1, 1, height, width)
        ).shape[2:]
    pooled = torch.empty(*x.shape[:2], rows, columns, dtype=torch.float64)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride[0] - padding[0], j * stride[1] - padding[1]
                    elements = [
                        float(x[n, c, r, s])
                        for r in range(top, top + kernel[0])
                        for s in range(left, left + kernel[1])
                        if 0 <= r < height and 0 <= s < width
                    ]
                    pooled[n, c, i, j] = definition(elements)
    return pooled.flatten(1) if window is None else pooled


def mean(z: Sequence[float]) -> float:
    return math.fsum(z) / len(z)


def log_sum_exp(z: Sequence[float], t: float) -> float:
    peak = max(z)
    return peak + t * math.log(math.fsum(math.exp((v - peak) / t) for v in z))


def log_avg_exp(z: Sequence[float], t: float) -> float:
    return log_sum_exp(z, t) - t * math.log(len(z))


def contextual_log_avg_exp(z: Sequence[float], temperature: float, context_weight: float) -> float:
    variance = mean([(v - mean(z)) ** 2 for v in z])
    return log_avg_exp(z, temperature * (1 + variance / temperature**2) ** (context_weight / 2))


def generalized_mean(z: Sequence[float], p: float = 3.0) -> float:
    return float(mean([max(v, 1e-6) ** p for v in z]) ** (1 / p))


def lp_norm(z: Sequence[float], p: float = 3.0) -> float:
    return float(math.fsum(abs(v) ** p for v in z) ** (1 / p))


def softmax_mean(z: Sequence[float], temperature: float = 1.0) -> float:
    powers = [math.exp((v - max(z)) / temperature) for v in z]
    return math.fsum(w * v for w, v in zip(powers, z, strict=True)) / math.fsum(powers)


def quantile(z: Sequence[float], q: float = 0.75) -> float:
    ranked, position = sorted(z), q * (len(z) - 1)
    below, above = ranked[math.floor(position)], ranked[math.ceil(position)]
    return below + (position - math.floor(position)) * (above - below)


def subpool_max(z: Sequence[float], r: int) -> float:
    """Return M_r by its definition, with the whole window for an r above its size."""
    return mean([max(part) for part in itertools.combinations(z, min(r, len(z)))]) if r else 1.0


DEFINITIONS: dict[str, Callable[..., float]] = {
    "lse": lambda z, temperature=1.0: log_sum_exp(z, temperature),
    "lae": lambda z, temperature=1.0: log_avg_exp(z, temperature),
    "lae-context": contextual_log_avg_exp,
    "lae-precision": lambda z, temperature=1.0: log_avg_exp(z, temperature),
    "gem": generalized_mean,
    "lp": lp_norm,
    "softpool": softmax_mean,
    "avgmax": lambda z: (mean(z) + max(z)) / 2,
    "min": min,
    "median": statistics.median,
    "quantile": quantile,
    "relu-max": max,
}
"""Operators by name, as functions of a window's elements and of what the operator has learned."""
