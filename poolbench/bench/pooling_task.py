"""The tasks of the benchmark of pooling operators, and the least bytes that they have to move."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch

from poolbench.core.errors import BadInput
from poolbench.operators.window import Window

OPERATORS = ("lae", "lse", "softpool", "mixed", "gated", "max")
# Operators whose derivative at an element needs the element: they read the maps a second time.
_READ_TWICE = frozenset({"lae", "lse", "softpool", "gated"})
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True, kw_only=True)
class PoolingTask:
    """A pooling task.

    Args:
        operator: ``lae``, ``lse``, ``softpool``, ``mixed``, ``gated`` or ``max``.
        window: Geometry; ``None`` pools whole maps.
        shape: (N, C, H, W) of the maps.
        dtype: float32 or bfloat16.
        layout: contiguous or channels-last.
        per_channel: Whether there is one parameter per channel.
    """

    operator: str
    window: Window | None
    shape: tuple[int, int, int, int]
    dtype: torch.dtype
    layout: torch.memory_format
    per_channel: bool = False

    @property
    def maps_bytes(self) -> int:
        """Size of the maps, in bytes."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def forward_bytes(self) -> int:
        """Least bytes that a forward pass moves: it reads the maps and writes the values."""
        return self.maps_bytes + self._pooled_bytes

    @property
    def step_bytes(self) -> int:
        """Least bytes of forward and backward: the gradients of values and maps as well.

        Tensors kept for the backward pass are left out, except for the maps if the derivative
        needs them.
        """
        passes = 2 + (self.operator in _READ_TWICE)
        return passes * self.maps_bytes + 2 * self._pooled_bytes

    @property
    def _pooled_bytes(self) -> int:
        images, channels, *size = self.shape
        outputs = (1, 1) if self.window is None else self.window.output_size((size[0], size[1]))
        return images * channels * prod(outputs) * self.dtype.itemsize

    def __str__(self) -> str:
        layout = next(name for name, layout in _LAYOUTS.items() if layout == self.layout)
        return (
            f"{self.operator}, {self.window or 'global'}, maps {'x'.join(map(str, self.shape))} "
            f"{str(self.dtype).removeprefix('torch.')} {layout}"
        )


def read_task(
    operator: str,
    *,
    shape: str,
    window: tuple[int, int, int] | None,
    layout: str,
    dtype: str,
    learn: str,
) -> PoolingTask:
    """Return a task from the options of a command.

    Args:
        operator: One that has peers.
        shape: ``NxCxHxW``.
        window: Kernel size, stride and padding.
        layout: ``contiguous`` or ``channels_last``.
        dtype: ``float32`` or ``bfloat16``.
        learn: ``layer`` or ``channel``.

    Raises:
        BadInput: One of them is invalid.
    """
    for name, text, known in (
        ("operator", operator, OPERATORS),
        ("layout", layout, tuple(_LAYOUTS)),
        ("dtype", dtype, tuple(_DTYPES)),
        ("learn", learn, ("layer", "channel")),
    ):
        if text not in known:
            raise BadInput(f"{name} is '{text}'", f"choose one of {', '.join(known)}")
    sizes = shape.split("x")
    if len(sizes) != 4 or not all(size.isdigit() and int(size) for size in sizes):
        raise BadInput(f"shape is '{shape}'", "write four numbers above 0, such as 64x512x32x32")
    images, channels, height, width = map(int, sizes)
    try:
        geometry = None if window is None else Window.of(*window)
        if geometry is not None:
            geometry.output_size((height, width))
    except ValueError as error:
        raise BadInput(str(error), "choose a window that fits the maps") from error
    return PoolingTask(
        operator=operator,
        window=geometry,
        shape=(images, channels, height, width),
        dtype=_DTYPES[dtype],
        layout=_LAYOUTS[layout],
        per_channel=learn == "channel",
    )
