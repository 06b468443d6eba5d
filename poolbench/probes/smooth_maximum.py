"""How far LSE and LAE are from the max, as the operators pool windows, and where they overflow."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.core.smooth_maximum import ShiftedWindow, SmoothMaximumErrors, WindowErrors
from poolbench.core.theory import SmoothMaximumSettings
from poolbench.operators.functional import log_avg_exp, log_sum_exp, maximum
from poolbench.theory.smooth_maximum import lae_shortfall, lse_excess

_DTYPES = ("float16", "float32", "float64")
_BELOW = (0.0, 1.0, 2.0, 3.0)
_LARGEST_OFFSET = 60_000
_MOST_ELEMENTS = 100_000_000


def measure_smooth_maxima(settings: SmoothMaximumSettings) -> SmoothMaximumErrors:
    """Pool windows, and compare with the max; then windows whose exponentials leave the range.

    Args:
        settings: Which.

    Raises:
        BadInput: A number is out of range.
    """
    if settings.samples < 1:
        raise BadInput(f"samples is {settings.samples}", "draw at least one: --samples 1000")
    for offset in settings.offsets:
        if not abs(offset) <= _LARGEST_OFFSET:
            raise BadInput(
                f"offset is {offset:g}",
                f"choose from -{_LARGEST_OFFSET} to {_LARGEST_OFFSET}: float16 ends at 65504",
            )
    return SmoothMaximumErrors(
        windows=tuple(
            found
            for n in settings.n
            for found in _window_errors(n, settings.t, settings.samples, settings.seed)
        ),
        arithmetic=tuple(
            _shifted_window(dtype, offset) for dtype in _DTYPES for offset in settings.offsets
        ),
    )


def _window_errors(
    n: int, temperatures: tuple[float, ...], samples: int, seed: int
) -> Iterator[WindowErrors]:
    if n * samples > _MOST_ELEMENTS:
        raise BadInput(
            f"{samples:,} windows of {n:,} elements do not fit", "choose fewer: --samples 100"
        )
    bounds = [(t, lse_excess(n, t), lae_shortfall(n, t)) for t in temperatures]
    windows = _windows(n, samples, seed)
    peak = maximum(windows)
    for t, excess, shortfall in bounds:
        log_t = torch.tensor([math.log(t)], dtype=torch.float64)
        above = (log_sum_exp(windows, log_t) - peak).flatten()
        below = (peak - log_avg_exp(windows, log_t)).flatten()
        yield WindowErrors(
            n=n,
            t=t,
            lse_bound=excess,
            lse_largest=float(above.max()),
            lse_mean=float(above[2:].mean()),
            lae_bound=shortfall,
            lae_largest=float(below.max()),
            lae_mean=float(below[2:].mean()),
        )


def _windows(n: int, samples: int, seed: int) -> Tensor:
    """Return a constant window, a single 1 among zeros, and random ones: ``(.., 1, 1, n)``."""
    generator = torch.Generator().manual_seed(seed)
    random = torch.rand(samples, n, dtype=torch.float64, generator=generator)
    constant = torch.full((1, n), 0.5, dtype=torch.float64)
    single = torch.eye(1, n, dtype=torch.float64)
    return torch.cat([constant, single, random]).view(-1, 1, 1, n)


def _shifted_window(dtype: str, offset: float) -> ShiftedWindow:
    z = np.array([offset - below for below in _BELOW], dtype=dtype)
    tensor = torch.from_numpy(z).view(1, 1, 1, -1)
    return ShiftedWindow(
        dtype=dtype,
        offset=offset,
        exact=offset + math.log(math.fsum(math.exp(-below) for below in _BELOW)),
        textbook=_textbook(z),
        shifted=_shifted(z),
        operator=float(log_sum_exp(tensor, torch.zeros(1, dtype=torch.float32))),
    )


def _textbook(z: NDArray[np.floating]) -> float:
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        return float(np.log(np.exp(z).sum(dtype=z.dtype)))


def _shifted(z: NDArray[np.floating]) -> float:
    peak = z.max()
    return float(peak + np.log(np.exp(z - peak).sum(dtype=z.dtype)))
