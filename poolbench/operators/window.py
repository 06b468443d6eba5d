"""The geometry of windowed pooling: which elements of a map belong to which output.

Torch-free arithmetic, with ``torch.nn.MaxPool2d``'s rules for sizes, padding and ``ceil_mode``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tap:
    """One position in the window, for all outputs where it is on the map and not on padding.

    Args:
        output: Rows and columns of the outputs whose window has an element there.
        input: Rows and columns of those elements, in the same order.
    """

    output: tuple[slice, slice]
    input: tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window; every pair is (vertical, horizontal), in pixels.

    Args:
        kernel_size: Sides of the window, at least 1.
        stride: Step between windows, at least 1.
        padding: Implicit border on each side, from 0 to half the kernel; it is never an element.
        ceil_mode: Whether to keep a last window that extends beyond the far edge, provided it
            starts inside the map or its near padding.

    Raises:
        ValueError: A side, step or padding is out of range.
    """

    kernel_size: Pair
    stride: Pair
    padding: Pair = (0, 0)
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        if min(self.kernel_size) < 1 or min(self.stride) < 1 or min(self.padding) < 0:
            raise ValueError(
                f"kernel_size {self.kernel_size} and stride {self.stride} must be at least 1, "
                f"padding {self.padding} at least 0"
            )
        if any(2 * pad > side for pad, side in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(
                f"padding {self.padding} is more than half of kernel_size {self.kernel_size}: "
                "some windows would have no element"
            )

    @classmethod
    def of(
        cls,
        kernel_size: int | Pair,
        stride: int | Pair | None = None,
        padding: int | Pair = 0,
        ceil_mode: bool = False,
    ) -> Window:
        """Build a window from torch's shorthands: one number for both axes; stride = kernel."""
        kernel = _pair(kernel_size)
        step = kernel if stride is None else _pair(stride)
        return cls(kernel, step, _pair(padding), ceil_mode)

    def output_size(self, size: Pair) -> Pair:
        """Return (H', W') for a map of (H, W).

        Raises:
            ValueError: The map is empty or smaller than a window.
        """
        height, width = (self._outputs(axis, size[axis]) for axis in (0, 1))
        if min(size) < 1 or height < 1 or width < 1:
            raise ValueError(
                f"empty window: a map of {size[0]} x {size[1]} has no room for "
                f"{self.kernel_size[0]} x {self.kernel_size[1]} with padding {self.padding}"
            )
        return height, width

    def taps(self, size: Pair) -> Iterator[Tap]:
        """Yield every position of the window, row by row, over a map of (H, W)."""
        outputs = self.output_size(size)
        for row in range(self.kernel_size[0]):
            for column in range(self.kernel_size[1]):
                vertical = self._reach(0, row, size[0], outputs[0])
                horizontal = self._reach(1, column, size[1], outputs[1])
                if vertical and horizontal:
                    yield Tap(
                        output=(vertical[0], horizontal[0]), input=(vertical[1], horizontal[1])
                    )

    def overhang(self, size: Pair) -> Pair:
        """Return how far the last window extends beyond the padded map, by ceil_mode."""
        ends = (
            (outputs - 1) * step + side - (extent + 2 * pad)
            for outputs, step, side, extent, pad in zip(
                self.output_size(size), self.stride, self.kernel_size, size, self.padding,
                strict=True,
            )
        )  # fmt: skip
        vertical, horizontal = (max(0, end) for end in ends)
        return vertical, horizontal

    def _outputs(self, axis: int, extent: int) -> int:
        side, step, pad = self.kernel_size[axis], self.stride[axis], self.padding[axis]
        slack = extent + 2 * pad - side
        if not self.ceil_mode:
            return slack // step + 1
        outputs = -(-slack // step) + 1
        return outputs - 1 if (outputs - 1) * step >= extent + pad else outputs

    def _reach(
        self, axis: int, offset: int, extent: int, outputs: int
    ) -> tuple[slice, slice] | None:
        step, shift = self.stride[axis], offset - self.padding[axis]
        first = max(0, -(shift // step))
        last = min(outputs - 1, (extent - 1 - shift) // step)
        if last < first:
            return None
        elements = slice(first * step + shift, last * step + shift + 1, step)
        return slice(first, last + 1), elements

    def __str__(self) -> str:
        options = [f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        options += [f"padding={self.padding}"] if any(self.padding) else []
        options += ["ceil_mode=True"] if self.ceil_mode else []
        return ", ".join(options)


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
