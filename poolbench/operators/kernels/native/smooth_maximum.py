"""Smooth maxima on the CPU, by smooth_maximum.c."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from poolbench.operators.kernels.native.job import ROW_LANES, Job, lanes_of
from poolbench.operators.kernels.native.library import library
from poolbench.operators.layout import layout_of
from poolbench.operators.window import Window

_DTYPES = (torch.float32, torch.bfloat16, torch.float64)


def covers(x: Tensor) -> bool:
    """Return whether the library exists and supports the dtype of the maps."""
    return x.dtype in _DTYPES and isinstance(library("smooth_maximum", "double"), ctypes.CDLL)


def forward(
    x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return y, m, the logarithm and, for softpool, the centre."""
    work = _Work(x, log_temperature, window, operation)
    kept = torch.promote_types(x.dtype, torch.float32)
    pooled, peak = (work.job.empty_outputs(x.dtype) for _ in range(2))
    logarithm = work.job.empty_outputs(kept)
    is_centred = operation == "softpool"
    centre = work.job.empty_outputs(kept) if is_centred else x.new_empty(0, dtype=kept)
    work.run("forward", pooled=pooled, peak=peak, logarithm=logarithm, centre=centre)
    return pooled, peak, logarithm, centre


def backward(
    upstream: Tensor,
    x: Tensor,
    log_temperature: Tensor,
    peak: Tensor,
    logarithm: Tensor,
    centre: Tensor,
    window: Window | None,
    operation: str,
) -> tuple[Tensor, Tensor]:
    """Return the gradient of x, and that of log t for each map, ``(N, C)``, float64."""
    work = _Work(x, log_temperature, window, operation)
    gradient = torch.empty_like(work.maps)
    slope = torch.empty(x.shape[:2], dtype=torch.float64)
    given = {"upstream": upstream.to(x.dtype), "peak": peak, "logarithm": logarithm}
    if operation == "softpool":
        given["centre"] = centre
    given = {name: work.job.as_given(tensor) for name, tensor in given.items()}
    work.run("backward", gradient=gradient, slope=slope, **given)
    return gradient, slope


class _Work:
    """A job, with the tensors that forward and backward read."""

    def __init__(
        self, x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
    ) -> None:
        layout = layout_of(x)
        self.maps = x.detach().contiguous(memory_format=layout)
        lanes = ROW_LANES
        if layout == torch.channels_last:
            # Whole maps are read sequentially; windows are processed in a cached scratch.
            lanes = lanes_of(x.shape[1], 64 if window else 512)
        self.job = Job(x.shape, x.dtype, layout, window, lanes=lanes, operation=operation)
        temperature = log_temperature.detach().double().exp()
        self._temperature = temperature.expand(x.shape[1]).contiguous()

    def run(self, direction: str, **tensors: Tensor) -> None:
        found = library("smooth_maximum", "double")
        assert isinstance(found, ctypes.CDLL)  # noqa: S101 - covers() has said so
        self.job.run(found, direction, maps=self.maps, temperature=self._temperature, **tensors)
