"""The Triton kernels of :mod:`poolbench.operators.kernels.gpu.peaks`.

Each works on tiles of [rows, pixels], through strides: contiguous and channels-last maps share the
code. Means are summed in float64, and every pixel gathers its gradient from the windows that
contain it: nothing is added atomically, so the results are deterministic.
"""

# Constants of a kernel are in capitals, as in Triton; all kernels take the same geometry.
# ruff: noqa: N803, ARG001
# mypy: disable-error-code="no-untyped-def, untyped-decorator"

from __future__ import annotations

import triton
import triton.language as tl

from poolbench.operators.kernels.gpu.offsets import offsets


@triton.jit
def find_in_maps(
    maps, peak, mean, argmax, rows, channels,
    HEIGHT: tl.constexpr, WIDTH: tl.constexpr,
    OUT_HEIGHT: tl.constexpr, OUT_WIDTH: tl.constexpr,
    KERNEL_HEIGHT: tl.constexpr, KERNEL_WIDTH: tl.constexpr,
    STRIDE_HEIGHT: tl.constexpr, STRIDE_WIDTH: tl.constexpr,
    PAD_HEIGHT: tl.constexpr, PAD_WIDTH: tl.constexpr,
    WITH_MEAN: tl.constexpr, IS_PIXELWISE: tl.constexpr,
    BLOCK_ROWS: tl.constexpr, BLOCK_PIXELS: tl.constexpr,
):  # fmt: skip
    """Find the first of the largest elements of whole maps, or a NaN, and the mean."""
    pixels: tl.constexpr = HEIGHT * WIDTH
    row = tl.program_id(0).to(tl.int64) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)
    is_row = row < rows
    # Each column of a tile keeps the maximum of its own pixels; all are reduced at the end.
    best = tl.full([BLOCK_ROWS, BLOCK_PIXELS], float("-inf"), tl.float32)
    where = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.int32) + tl.arange(0, BLOCK_PIXELS)[None, :]
    total = tl.zeros([BLOCK_ROWS], tl.float64)
    for start in range(0, pixels, BLOCK_PIXELS):
        pixel = start + tl.arange(0, BLOCK_PIXELS)
        is_element = is_row[:, None] & (pixel < pixels)[None, :]
        at = offsets(row[:, None], pixel[None, :], channels, pixels, IS_PIXELWISE)
        z = tl.load(maps + at, is_element, float("-inf")).to(tl.float32)
        is_better = (z > best) | (z != z)
        best = tl.where(is_better, z, best)
        where = tl.where(is_better, pixel[None, :], where)
        if WITH_MEAN:
            total += tl.sum(tl.where(is_element, z, 0.0).to(tl.float64), 1)

    has_nan = tl.max((best != best).to(tl.int32), 1) > 0
    highest = tl.max(tl.where(best != best, float("-inf"), best), 1)
    is_it = tl.where(has_nan[:, None], best != best, best == highest[:, None])
    first = tl.min(tl.where(is_it, where, pixels), 1)
    highest = tl.where(has_nan, float("nan"), highest)
    tl.store(peak + row, highest.to(peak.dtype.element_ty), is_row)
    tl.store(argmax + row, first.to(argmax.dtype.element_ty), is_row)
    if WITH_MEAN:
        tl.store(mean + row, (total / pixels).to(tl.float32).to(mean.dtype.element_ty), is_row)


@triton.jit
def find_in_windows(
    maps, peak, mean, argmax, rows, channels,
    HEIGHT: tl.constexpr, WIDTH: tl.constexpr,
    OUT_HEIGHT: tl.constexpr, OUT_WIDTH: tl.constexpr,
    KERNEL_HEIGHT: tl.constexpr, KERNEL_WIDTH: tl.constexpr,
    STRIDE_HEIGHT: tl.constexpr, STRIDE_WIDTH: tl.constexpr,
    PAD_HEIGHT: tl.constexpr, PAD_WIDTH: tl.constexpr,
    WITH_MEAN: tl.constexpr, IS_PIXELWISE: tl.constexpr,
    BLOCK_ROWS: tl.constexpr, BLOCK_PIXELS: tl.constexpr,
):  # fmt: skip
    """Find the same in windows: one tile of outputs per program, tap by tap."""
    outputs: tl.constexpr = OUT_HEIGHT * OUT_WIDTH
    pixels: tl.constexpr = HEIGHT * WIDTH
    row = (tl.program_id(0).to(tl.int64) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS))[:, None]
    output = (tl.program_id(1) * BLOCK_PIXELS + tl.arange(0, BLOCK_PIXELS))[None, :]
    is_output = (row < rows) & (output < outputs)
    top = output // OUT_WIDTH * STRIDE_HEIGHT - PAD_HEIGHT
    left = output % OUT_WIDTH * STRIDE_WIDTH - PAD_WIDTH

    # The first element that is not padding, if all are -inf.
    first = tl.maximum(-top, 0) * KERNEL_WIDTH + tl.maximum(-left, 0)
    best = tl.full([BLOCK_ROWS, BLOCK_PIXELS], float("-inf"), tl.float32)
    where = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.int32) + first
    total = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float64)
    size = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float64)
    for tap in range(KERNEL_HEIGHT * KERNEL_WIDTH):
        h, w = top + tap // KERNEL_WIDTH, left + tap % KERNEL_WIDTH
        is_element = is_output & (h >= 0) & (h < HEIGHT) & (w >= 0) & (w < WIDTH)
        at = offsets(row, h * WIDTH + w, channels, pixels, IS_PIXELWISE)
        z = tl.load(maps + at, is_element, float("-inf")).to(tl.float32)
        is_better = (z > best) | (z != z)
        best = tl.where(is_better, z, best)
        where = tl.where(is_better, tap, where)
        if WITH_MEAN:
            total += tl.where(is_element, z, 0.0).to(tl.float64)
            size += tl.where(is_element, 1.0, 0.0)

    to = offsets(row, output, channels, outputs, IS_PIXELWISE)
    tl.store(peak + to, best.to(peak.dtype.element_ty), is_output)
    tl.store(argmax + to, where.to(argmax.dtype.element_ty), is_output)
    if WITH_MEAN:
        found = total / tl.where(is_output, size, 1.0)
        tl.store(mean + to, found.to(tl.float32).to(mean.dtype.element_ty), is_output)


@triton.jit
def spread(
    to_peak, to_mean, argmax, gradient, rows, channels,
    HEIGHT: tl.constexpr, WIDTH: tl.constexpr,
    OUT_HEIGHT: tl.constexpr, OUT_WIDTH: tl.constexpr,
    KERNEL_HEIGHT: tl.constexpr, KERNEL_WIDTH: tl.constexpr,
    STRIDE_HEIGHT: tl.constexpr, STRIDE_WIDTH: tl.constexpr,
    PAD_HEIGHT: tl.constexpr, PAD_WIDTH: tl.constexpr,
    WITH_MEAN: tl.constexpr, IS_PIXELWISE: tl.constexpr,
    BLOCK_ROWS: tl.constexpr, BLOCK_PIXELS: tl.constexpr,
):  # fmt: skip
    """Write a tile of gradients, for whole maps or windows."""
    outputs: tl.constexpr = OUT_HEIGHT * OUT_WIDTH
    pixels: tl.constexpr = HEIGHT * WIDTH
    row = (tl.program_id(0).to(tl.int64) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS))[:, None]
    pixel = (tl.program_id(1) * BLOCK_PIXELS + tl.arange(0, BLOCK_PIXELS))[None, :]
    is_pixel = (row < rows) & (pixel < pixels)
    h, w = pixel // WIDTH, pixel % WIDTH
    last_i, last_j = (h + PAD_HEIGHT) // STRIDE_HEIGHT, (w + PAD_WIDTH) // STRIDE_WIDTH
    across: tl.constexpr = (KERNEL_WIDTH + STRIDE_WIDTH - 1) // STRIDE_WIDTH
    down: tl.constexpr = (KERNEL_HEIGHT + STRIDE_HEIGHT - 1) // STRIDE_HEIGHT
    # A whole map is one window, whatever the kernel and stride.
    count: tl.constexpr = 1 if outputs == 1 else down * across

    got = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float32)
    for window in range(count):
        # From the top left window on: sums are taken in the order of the windows.
        i, j = last_i - (count - 1 - window) // across, last_j - (count - 1 - window) % across
        if outputs == 1:
            i, j = h * 0, w * 0
        top, left = i * STRIDE_HEIGHT - PAD_HEIGHT, j * STRIDE_WIDTH - PAD_WIDTH
        holds = (i >= 0) & (i < OUT_HEIGHT) & (h >= top) & (h < top + KERNEL_HEIGHT)
        holds = holds & (j >= 0) & (j < OUT_WIDTH) & (w >= left) & (w < left + KERNEL_WIDTH)
        holds = holds & is_pixel
        at = offsets(row, i * OUT_WIDTH + j, channels, outputs, IS_PIXELWISE)
        element = (h - top) * KERNEL_WIDTH + w - left
        is_peak = tl.load(argmax + at, holds, 0).to(tl.int32) == element
        part = tl.where(is_peak, tl.load(to_peak + at, holds, 0.0).to(tl.float32), 0.0)
        if WITH_MEAN:
            tall = tl.minimum(top + KERNEL_HEIGHT, HEIGHT) - tl.maximum(top, 0)
            wide = tl.minimum(left + KERNEL_WIDTH, WIDTH) - tl.maximum(left, 0)
            size = tl.where(holds, tall * wide, 1).to(tl.float32)
            part += tl.load(to_mean + at, holds, 0.0).to(tl.float32) / size
        got += tl.where(holds, part, 0.0)

    here = offsets(row, pixel, channels, pixels, IS_PIXELWISE)
    tl.store(gradient + here, got.to(gradient.dtype.element_ty), is_pixel)
