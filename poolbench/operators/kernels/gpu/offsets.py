"""The memory offsets of a map's pixels, for every Triton kernel."""

# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, untyped-decorator"

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def offsets(row, pixel, channels, COUNT: tl.constexpr, IS_PIXELWISE: tl.constexpr):
    """Return offsets into a tensor whose maps have COUNT pixels."""
    if IS_PIXELWISE:
        return (row // channels * COUNT + pixel) * channels + row % channels
    return row * COUNT + pixel
