"""Smooth maxima on a GPU by Triton: one read forward, one read and one write backward."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

import torch
import triton
from torch import Tensor

from poolbench.operators.kernels import eager
from poolbench.operators.kernels.gpu_kernels import (
    differentiate_maps,
    pool_maps,
    pool_windows,
)
from poolbench.operators.window import Window

_DTYPES = (torch.float32, torch.bfloat16, torch.float16)
_OPERATIONS = {"lse": 0, "lae": 1, "softpool": 2}
_TILE_ELEMENTS = 4096


def covers(x: Tensor) -> bool:
    """Tell whether the kernels run here, know the dtype, and there is something to pool."""
    return x.dtype in _DTYPES and x.numel() > 0 and fault(x.device) is None


@functools.cache
def fault(device: torch.device) -> str | None:
    """Return why the kernels cannot be used on a device; None where they can.

    They are tried once on a few elements: what they need of compilers and drivers is found
    missing only when they are launched.
    """
    x = torch.linspace(-1, 1, 32, device=device).view(2, 1, 4, 4)
    log_temperature = torch.zeros(1, device=device)
    try:
        found = forward(x, log_temperature, None, "lae")[0]
    except Exception as error:  # they fail in many ways
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
        tensor.contiguous(memory_format=work.layout) if tensor.numel() else tensor
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


class _Work:
    """One call: the geometry, and how it is cut into tiles."""

    def __init__(
        self, x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
    ) -> None:
        images, self.channels, height, width = x.shape
        geometry = window or Window((height, width), (1, 1))
        output_size = geometry.output_size((height, width))
        self.is_pixelwise = not x.is_contiguous() and x.is_contiguous(
            memory_format=torch.channels_last
        )
        self.layout = torch.channels_last if self.is_pixelwise else torch.contiguous_format
        self.maps = x.detach().contiguous(memory_format=self.layout)
        temperature = log_temperature.detach().double().exp()
        self.temperature = temperature.expand(self.channels).contiguous()
        self.rows = images * self.channels
        self.pixels, self.outputs = height * width, output_size[0] * output_size[1]
        self._output_shape = (images, self.channels, *output_size)
        self._constants: dict[str, Any] = {
            "HEIGHT": height, "WIDTH": width,
            "OUT_HEIGHT": output_size[0], "OUT_WIDTH": output_size[1],
            "KERNEL_HEIGHT": geometry.kernel_size[0], "KERNEL_WIDTH": geometry.kernel_size[1],
            "STRIDE_HEIGHT": geometry.stride[0], "STRIDE_WIDTH": geometry.stride[1],
            "PAD_HEIGHT": geometry.padding[0], "PAD_WIDTH": geometry.padding[1],
            "OPERATION": _OPERATIONS[operation], "IS_PIXELWISE": self.is_pixelwise,
        }  # fmt: skip

    def empty_outputs(self, dtype: torch.dtype) -> Tensor:
        """Return a tensor with a place for each window."""
        return torch.empty(
            self._output_shape, dtype=dtype, device=self.maps.device, memory_format=self.layout
        )

    def _tile(self, pixels: int) -> tuple[int, int]:
        """Return the rows and pixels of a tile: adjacent elements along its longer side."""
        if self.is_pixelwise:
            rows = min(64, triton.next_power_of_2(self.channels))
            return rows, min(_TILE_ELEMENTS // rows, triton.next_power_of_2(pixels))
        columns = min(_TILE_ELEMENTS, triton.next_power_of_2(pixels))
        return max(1, _TILE_ELEMENTS // columns), columns

    def blocks_of(self, pixels: int) -> int:
        """Return how many tiles a row of so many pixels takes."""
        return -(-pixels // self._tile(pixels)[1])

    def run(
        self, kernel: Any, *tensors: Tensor, pixels: int, whole_rows: bool = False, **also: Any
    ) -> None:
        """Launch a kernel over all rows, and over their pixels unless it takes whole rows."""
        block_rows, block_pixels = self._tile(pixels)
        grid = (-(-self.rows // block_rows), 1 if whole_rows else self.blocks_of(pixels))
        on_device = (
            torch.cuda.device(self.maps.device) if self.maps.is_cuda else contextlib.nullcontext()
        )
        with on_device:
            kernel[grid](
                *tensors, self.rows, self.channels,
                **self._constants, **also,
                BLOCK_ROWS=block_rows, BLOCK_PIXELS=block_pixels,
                num_warps=8, enable_fp_fusion=True,
            )  # fmt: skip
