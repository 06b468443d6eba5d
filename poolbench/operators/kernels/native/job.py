"""A call of the C code: the geometry of maps and windows, split into units for threads."""

from __future__ import annotations

import ctypes
import threading

import torch
from torch import Tensor

from poolbench.operators.window import Window

# The widest vector of float32.
ROW_LANES = 16
# Elements below which a second thread costs more than it saves.
THREADED_ELEMENTS = 2**18

_DTYPES = {
    torch.float32: 0, torch.bfloat16: 1, torch.float64: 2, torch.uint8: 3, torch.int32: 4,
}  # fmt: skip
_OPERATIONS = {"lse": 0, "lae": 1, "softpool": 2}


class _Job(ctypes.Structure):
    """The structure of the same name in maps.h."""

    _integers = (
        "dtype", "operation", "images", "channels", "height", "width",
        "out_height", "out_width", "kernel_height", "kernel_width",
        "stride_height", "stride_width", "pad_height", "pad_width",
        "is_pixelwise", "is_global", "is_rows", "lanes",
    )  # fmt: skip
    _pointers = (
        "maps", "peak", "upstream", "gradient",
        "temperature", "pooled", "logarithm", "centre", "slope",
        "argmax",
    )  # fmt: skip
    _of_products = ("mean", "to_mean", "product", "to_product", "weight", "weight_gradient")
    _fields_ = [
        *((name, ctypes.c_int64) for name in _integers),
        *((name, ctypes.c_void_p) for name in _pointers),
        ("argmax_dtype", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in _of_products),
        ("is_weight_by_channel", ctypes.c_int64),
    ]


class Job:
    """One call: its geometry and units.

    Args:
        size: (N, C, H, W) of the maps.
        dtype: Dtype of the maps.
        layout: Memory format of every tensor of the job: contiguous or channels-last.
        window: Geometry; ``None`` for whole maps.
        lanes: Rows or channels per unit.
        operation: ``lse``, ``lae`` or ``softpool``, if it is one of these.
    """

    def __init__(
        self,
        size: torch.Size,
        dtype: torch.dtype,
        layout: torch.memory_format,
        window: Window | None,
        *,
        lanes: int,
        operation: str = "lse",
    ) -> None:
        images, channels, height, width = size
        geometry = window or Window((height, width), (1, 1))
        outputs = geometry.output_size((height, width))
        is_pixelwise = layout == torch.channels_last
        is_rows = window is None and not is_pixelwise
        self.layout = layout
        self._shape = (images, channels, *outputs)
        self._elements = size.numel()
        self._kernel = geometry.kernel_size[0] * geometry.kernel_size[1]
        self._blocks = -(-channels // lanes)
        self._units = images * self._blocks
        self._job = _Job(
            _DTYPES[dtype], _OPERATIONS[operation], images, channels, height, width, *outputs,
            *geometry.kernel_size, *geometry.stride, *geometry.padding,
            is_pixelwise, window is None, is_rows, lanes,
        )  # fmt: skip

    def empty_outputs(self, dtype: torch.dtype) -> Tensor:
        """Return a tensor with one element for each window."""
        return torch.empty(self._shape, dtype=dtype, memory_format=self.layout)

    def as_given(self, tensor: Tensor) -> Tensor:
        """Return a tensor in the job's layout."""
        return tensor.contiguous(memory_format=self.layout)

    def run(self, library: ctypes.CDLL, direction: str, **tensors: Tensor) -> None:
        """Process all units, each in one thread: the bits do not depend on the number of threads.

        Args:
            library: The library to call.
            direction: ``forward`` or ``backward``; ``weigh`` processes blocks of channels.
            tensors: Tensors by their names in the structure, in the job's layout.

        Raises:
            MemoryError: There is no memory for the scratch.
        """
        for name, tensor in tensors.items():
            setattr(self._job, name, tensor.data_ptr())
        if "argmax" in tensors:
            self._job.argmax_dtype = _DTYPES[tensors["argmax"].dtype]
        if "weight" in tensors:
            self._job.is_weight_by_channel = tensors["weight"].numel() > self._kernel
        work = getattr(library, f"pool_{direction}")
        count = torch.get_num_threads() if self._elements >= THREADED_ELEMENTS else 1
        units = self._blocks if direction == "weigh" else self._units
        bounds = [ctypes.c_int64(units * index // count) for index in range(count + 1)]
        failures = [0] * count

        def do_part(index: int) -> None:
            failures[index] = work(ctypes.byref(self._job), bounds[index], bounds[index + 1])

        threads = [threading.Thread(target=do_part, args=(index,)) for index in range(1, count)]
        for thread in threads:
            thread.start()
        do_part(0)
        for thread in threads:
            thread.join()
        if any(failures):
            raise MemoryError("no memory for the scratch of a pooling kernel")


def lanes_of(channels: int, most: int) -> int:
    """Return the lanes of a unit of adjacent channels: whole vectors, at most ``most`` lanes."""
    return min(most, -(-channels // ROW_LANES) * ROW_LANES)
