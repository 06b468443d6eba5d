"""Maps and windows, split into tiles of rows and pixels for Triton programs."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
import triton
from torch import Tensor

from poolbench.operators.layout import layout_of
from poolbench.operators.window import Window

_TILE_ELEMENTS = 4096


class Tiles:
    """The geometry of a call, and its tiles. A row is the map of one channel of one image.

    Args:
        size: (N, C, H, W) of the maps.
        layout: Memory format of every tensor of the call: contiguous or channels-last.
        device: Device of every tensor of the call.
        window: Geometry; ``None`` for whole maps.
    """

    def __init__(
        self,
        size: torch.Size,
        layout: torch.memory_format,
        device: torch.device,
        window: Window | None,
    ) -> None:
        images, self.channels, height, width = size
        geometry = window or Window((height, width), (1, 1))
        output_size = geometry.output_size((height, width))
        self.layout, self._device = layout, device
        self._is_pixelwise = layout == torch.channels_last
        self.rows = images * self.channels
        self.pixels, self.outputs = height * width, output_size[0] * output_size[1]
        self._output_shape = (images, self.channels, *output_size)
        self._constants: dict[str, Any] = {
            "HEIGHT": height, "WIDTH": width,
            "OUT_HEIGHT": output_size[0], "OUT_WIDTH": output_size[1],
            "KERNEL_HEIGHT": geometry.kernel_size[0], "KERNEL_WIDTH": geometry.kernel_size[1],
            "STRIDE_HEIGHT": geometry.stride[0], "STRIDE_WIDTH": geometry.stride[1],
            "PAD_HEIGHT": geometry.padding[0], "PAD_WIDTH": geometry.padding[1],
            "IS_PIXELWISE": self._is_pixelwise,
        }  # fmt: skip

    @classmethod
    def of(cls, x: Tensor, window: Window | None) -> Tiles:
        """Return the tiles of maps in their own layout."""
        return cls(x.shape, layout_of(x), x.device, window)

    def as_given(self, tensor: Tensor) -> Tensor:
        """Return a tensor in the call's layout."""
        return tensor.detach().contiguous(memory_format=self.layout)

    def empty_outputs(self, dtype: torch.dtype) -> Tensor:
        """Return a tensor with one element for each window."""
        return torch.empty(
            self._output_shape, dtype=dtype, device=self._device, memory_format=self.layout
        )

    def _tile(self, pixels: int) -> tuple[int, int]:
        """Return the rows and pixels of a tile: adjacent elements along its longer side."""
        if self._is_pixelwise:
            rows = min(64, triton.next_power_of_2(self.channels))
            return rows, min(_TILE_ELEMENTS // rows, triton.next_power_of_2(pixels))
        columns = min(_TILE_ELEMENTS, triton.next_power_of_2(pixels))
        return max(1, _TILE_ELEMENTS // columns), columns

    def blocks_of(self, pixels: int) -> int:
        """Return the number of tiles in a row of ``pixels``."""
        return -(-pixels // self._tile(pixels)[1])

    def run(
        self, kernel: Any, *tensors: Tensor, pixels: int, whole_rows: bool = False, **also: Any
    ) -> None:
        """Launch a kernel over all rows, and over their pixels unless it takes whole rows."""
        block_rows, block_pixels = self._tile(pixels)
        grid = (-(-self.rows // block_rows), 1 if whole_rows else self.blocks_of(pixels))
        on_gpu = self._device.type == "cuda"
        with torch.cuda.device(self._device) if on_gpu else contextlib.nullcontext():
            kernel[grid](
                *tensors, self.rows, self.channels,
                **self._constants, **also,
                BLOCK_ROWS=block_rows, BLOCK_PIXELS=block_pixels,
                num_warps=8, enable_fp_fusion=True,
            )  # fmt: skip
