"""Smooth maxima on a GPU by Triton: one read forward, one read and one write backward."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor

from poolbench.operators.kernels import eager
from poolbench.operators.kernels.gpu.smooth_maximum_kernels import (
    differentiate_maps,
    pool_maps,
    pool_windows,
)
from poolbench.operators.kernels.gpu.tiles import Tiles
from poolbench.operators.layout import layout_of
from poolbench.operators.window import Window

_DTYPES = (torch.float32, torch.bfloat16, torch.float16)
_OPERATIONS = {"lse": 0, "lae": 1, "softpool": 2}


def covers(x: Tensor) -> bool:
    """Return whether the kernels run here and support the dtype, and the maps are not empty."""
    return x.dtype in _DTYPES and x.numel() > 0 and fault(x.device) is None


@functools.cache
def fault(device: torch.device) -> str | None:
    """Return why the kernels cannot be used on a device; ``None`` if they can.

    They are tried once on a few elements, because missing compilers and drivers only show when a
    kernel is launched.
    """
    x = torch.linspace(-1, 1, 32, device=device).view(2, 1, 4, 4)
    log_temperature = torch.zeros(1, device=device)
    try:
        found = forward(x, log_temperature, None, "lae")[0]
    except Exception as error:  # launches fail in many ways
        return f"no GPU kernels: {error}"
    expected = eager.forward(x, log_temperature, None, "lae")[0]
    is_right = torch.allclose(found, expected, rtol=1e-6)
    return None if is_right else "no GPU kernels: they compute wrong values"


def forward(
    x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return y, m, the logarithm and, for softpool, the centre."""
    work = _Work(x, log_temperature, window, operation)
    pooled, peak = work.empty_outputs(x.dtype), work.empty_outputs(x.dtype)
    logarithm = work.empty_outputs(torch.float32)
    has_centre = operation == "softpool"
    centre = work.empty_outputs(torch.float32) if has_centre else logarithm.new_empty(0)
    tensors = (work.maps, work.temperature, pooled, peak, logarithm, centre)
    if window is None:
        work.run(pool_maps, *tensors, pixels=work.pixels, whole_rows=True)
    else:
        work.run(pool_windows, *tensors, pixels=work.outputs)
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
    given = [
        work.as_given(tensor) if tensor.numel() else tensor
        for tensor in (upstream, peak, logarithm, centre)
    ]
    slope = torch.empty(
        work.rows, work.blocks_of(work.pixels), dtype=torch.float64, device=x.device
    )
    work.run(
        differentiate_maps,
        work.maps, work.temperature, *given, gradient, slope,
        pixels=work.pixels,
        IS_GLOBAL=window is None,
    )  # fmt: skip
    return gradient, slope.sum(1).view(x.shape[:2])


class _Work(Tiles):
    """A call, with the tensors that forward and backward read."""

    def __init__(
        self, x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
    ) -> None:
        super().__init__(x.shape, layout_of(x), x.device, window)
        self.maps = self.as_given(x)
        temperature = log_temperature.detach().double().exp()
        self.temperature = temperature.expand(self.channels).contiguous()
        self._operation = _OPERATIONS[operation]

    def run(
        self, kernel: Any, *tensors: Tensor, pixels: int, whole_rows: bool = False, **also: Any
    ) -> None:
        """Launch a kernel for the operation."""
        super().run(
            kernel, *tensors,
            pixels=pixels, whole_rows=whole_rows, OPERATION=self._operation, **also,
        )  # fmt: skip
