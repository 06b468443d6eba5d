"""The Triton kernels of :mod:`poolbench.operators.kernels.gpu.smooth_maximum`.

Each works on tiles of [rows, pixels], where a row is the map of one channel of one image, through
strides: contiguous and channels-last maps share the code. Elements are float32, the values of each
window float64, and nothing is added atomically, so the results are deterministic.

In float32, sums of exp lose the relevant digits if t is large, and so does the gradient of log t,
which is a difference of such sums. Therefore, with d = (z - m)/t and u = d - L::

    mean exp(d) = 1 + mean expm1(d)          if that is above 1/2
    dy/dlog t = -t mean phi(u)               for lae, with phi(u) = u e^u - e^u + 1 >= 0
"""

# Constants of a kernel are in capitals, as in Triton; all kernels take the same geometry.
# ruff: noqa: N803, ARG001
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import triton
import triton.language as tl

from poolbench.operators.kernels.gpu.offsets import offsets

_LAE: tl.constexpr = tl.constexpr(1)
_SOFTPOOL: tl.constexpr = tl.constexpr(2)
_LOG2E: tl.constexpr = tl.constexpr(1.4426950408889634)
_LN2: tl.constexpr = tl.constexpr(0.6931471805599453)
# Smaller exponents have no weight; -inf itself would add 0 * inf.
_LOWEST: tl.constexpr = tl.constexpr(-1e5)


@triton.jit
def _scale(t):
    """Return log2(e)/t as a float32, and the remainder of the float64."""
    exact = _LOG2E / t
    scale = exact.to(tl.float32)
    return scale, (exact - scale.to(tl.float64)).to(tl.float32)


@triton.jit
def _weigh(z, peak, scale, rest, level):
    """Return d = (z - m)/t, u = d - level and exp(u), to a few ulp whatever their size.

    Works in powers of two, with compensated rounding. There is no inf - inf: +inf is its own
    maximum, and -inf is below the smallest exponent with weight; NaN is kept.
    """
    gap = tl.where(z == float("inf"), 0.0, z - tl.where(peak == float("-inf"), 0.0, peak))
    scaled = gap * scale
    is_low = scaled < _LOWEST
    scaled = tl.where(is_low, _LOWEST, scaled)
    rounding = tl.where(is_low, 0.0, tl.fma(gap, scale, -scaled) + gap * rest)
    distance = (scaled + rounding) * _LN2
    bits = level * _LOG2E
    exponent = scaled - bits
    rounding += (scaled - exponent) - bits
    u = (exponent + rounding) * _LN2
    return distance, u, tl.exp2(exponent) * (1.0 + rounding * _LN2)


@triton.jit
def _expm1(x, power):
    """Return exp(x) - 1, given exp(x), without losing digits near 0."""
    series = 1.0 + x / 6 * (1.0 + x / 7)
    series = 1.0 + x / 5 * series
    series = 1.0 + x / 4 * series
    series = 1.0 + x / 3 * series
    series = 1.0 + x / 2 * series
    return tl.where(tl.abs(x) < 0.3, x * series, power - 1.0)


@triton.jit
def _divergence(u, power):
    """Return phi(u) = u e^u - e^u + 1, given e^u, without losing digits near 0."""
    series = 1 / 2 + u * (
        1 / 3 + u * (1 / 8 + u * (1 / 30 + u * (1 / 144 + u * (1 / 840 + u / 5760))))
    )
    return tl.where(tl.abs(u) < 0.3, u * u * series, u * power - power + 1.0)


@triton.jit
def _finish(size, temperature, peak, total, excess, moment, OPERATION: tl.constexpr):
    """Return y, the logarithm and the centre of windows, in float64, from their sums."""
    mean_excess = excess / size
    share = tl.where(mean_excess > -0.5, 1.0 + mean_excess, total / size)
    is_empty = total == 0.0  # nothing but -inf
    logarithm = tl.log(tl.where(is_empty, 1.0, share if OPERATION == _LAE else share * size))
    if OPERATION == _LAE:
        # 1 + x has lost digits of a small x: the factor gives them back (Kahan's log1p).
        rounded = share - 1.0
        factor = mean_excess / tl.where(rounded == 0.0, 1.0, rounded)
        precise = tl.where(rounded == 0.0, mean_excess, logarithm * factor)
        logarithm = tl.where(mean_excess > -0.5, precise, logarithm)
    logarithm = tl.where(is_empty, float("-inf"), logarithm)
    centre = moment / tl.where(is_empty, 1.0, total)
    rise = centre if OPERATION == _SOFTPOOL else logarithm
    return peak.to(tl.float64) + temperature * rise, logarithm, centre


@triton.jit
def pool_maps(
    maps, temperature, pooled, peak, logarithm, centre, rows, channels,
    HEIGHT: tl.constexpr, WIDTH: tl.constexpr,
    OUT_HEIGHT: tl.constexpr, OUT_WIDTH: tl.constexpr,
    KERNEL_HEIGHT: tl.constexpr, KERNEL_WIDTH: tl.constexpr,
    STRIDE_HEIGHT: tl.constexpr, STRIDE_WIDTH: tl.constexpr,
    PAD_HEIGHT: tl.constexpr, PAD_WIDTH: tl.constexpr,
    OPERATION: tl.constexpr, IS_PIXELWISE: tl.constexpr,
    BLOCK_ROWS: tl.constexpr, BLOCK_PIXELS: tl.constexpr,
):  # fmt: skip
    """Pool whole maps: each program a few rows, in one tile if their pixels fit."""
    pixels: tl.constexpr = HEIGHT * WIDTH
    row = tl.program_id(0).to(tl.int64) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)
    is_row = row < rows
    t = tl.load(temperature + row % channels, is_row, 1.0)
    scale, rest = _scale(t[:, None])

    highest = tl.full([BLOCK_ROWS], float("-inf"), tl.float32)
    z = tl.full([BLOCK_ROWS, BLOCK_PIXELS], float("-inf"), tl.float32)
    for start in range(0, pixels, BLOCK_PIXELS):
        pixel = start + tl.arange(0, BLOCK_PIXELS)
        is_element = is_row[:, None] & (pixel < pixels)[None, :]
        at = offsets(row[:, None], pixel[None, :], channels, pixels, IS_PIXELWISE)
        z = tl.load(maps + at, is_element, float("-inf")).to(tl.float32)
        highest = tl.maximum(highest, tl.max(z, 1))

    total = tl.zeros([BLOCK_ROWS], tl.float64)
    excess = tl.zeros([BLOCK_ROWS], tl.float64)
    moment = tl.zeros([BLOCK_ROWS], tl.float64)
    for start in range(0, pixels, BLOCK_PIXELS):
        pixel = start + tl.arange(0, BLOCK_PIXELS)
        is_element = is_row[:, None] & (pixel < pixels)[None, :]
        if pixels > BLOCK_PIXELS:
            at = offsets(row[:, None], pixel[None, :], channels, pixels, IS_PIXELWISE)
            z = tl.load(maps + at, is_element, float("-inf")).to(tl.float32)
        exponent, _, power = _weigh(z, highest[:, None], scale, rest, 0.0)
        total += tl.sum(power.to(tl.float64), 1)
        if OPERATION == _SOFTPOOL:
            moment += tl.sum(power * exponent, 1).to(tl.float64)
        part = tl.where(is_element, _expm1(exponent, power), 0.0)
        excess += tl.sum(part, 1).to(tl.float64)

    found, level, middle = _finish(pixels, t, highest, total, excess, moment, OPERATION)
    tl.store(pooled + row, found.to(tl.float32).to(pooled.dtype.element_ty), is_row)
    tl.store(peak + row, highest.to(peak.dtype.element_ty), is_row)
    tl.store(logarithm + row, level.to(tl.float32), is_row)
    if OPERATION == _SOFTPOOL:
        tl.store(centre + row, middle.to(tl.float32), is_row)


@triton.jit
def pool_windows(
    maps, temperature, pooled, peak, logarithm, centre, rows, channels,
    HEIGHT: tl.constexpr, WIDTH: tl.constexpr,
    OUT_HEIGHT: tl.constexpr, OUT_WIDTH: tl.constexpr,
    KERNEL_HEIGHT: tl.constexpr, KERNEL_WIDTH: tl.constexpr,
    STRIDE_HEIGHT: tl.constexpr, STRIDE_WIDTH: tl.constexpr,
    PAD_HEIGHT: tl.constexpr, PAD_WIDTH: tl.constexpr,
    OPERATION: tl.constexpr, IS_PIXELWISE: tl.constexpr,
    BLOCK_ROWS: tl.constexpr, BLOCK_PIXELS: tl.constexpr,
):  # fmt: skip
    """Pool windows: one tile of outputs per program, tap by tap; the second pass hits the cache."""
    outputs: tl.constexpr = OUT_HEIGHT * OUT_WIDTH
    pixels: tl.constexpr = HEIGHT * WIDTH
    row = (tl.program_id(0).to(tl.int64) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS))[:, None]
    output = (tl.program_id(1) * BLOCK_PIXELS + tl.arange(0, BLOCK_PIXELS))[None, :]
    is_output = (row < rows) & (output < outputs)
    t = tl.load(temperature + row % channels, row < rows, 1.0)
    scale, rest = _scale(t)
    top = output // OUT_WIDTH * STRIDE_HEIGHT - PAD_HEIGHT
    left = output % OUT_WIDTH * STRIDE_WIDTH - PAD_WIDTH

    highest = tl.full([BLOCK_ROWS, BLOCK_PIXELS], float("-inf"), tl.float32)
    for tap in range(KERNEL_HEIGHT * KERNEL_WIDTH):
        h, w = top + tap // KERNEL_WIDTH, left + tap % KERNEL_WIDTH
        is_element = is_output & (h >= 0) & (h < HEIGHT) & (w >= 0) & (w < WIDTH)
        at = offsets(row, h * WIDTH + w, channels, pixels, IS_PIXELWISE)
        z = tl.load(maps + at, is_element, float("-inf")).to(tl.float32)
        highest = tl.maximum(highest, z)

    total = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float64)
    excess = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float32)
    moment = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float32)
    size = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float32)
    for tap in range(KERNEL_HEIGHT * KERNEL_WIDTH):
        h, w = top + tap // KERNEL_WIDTH, left + tap % KERNEL_WIDTH
        is_element = is_output & (h >= 0) & (h < HEIGHT) & (w >= 0) & (w < WIDTH)
        at = offsets(row, h * WIDTH + w, channels, pixels, IS_PIXELWISE)
        z = tl.load(maps + at, is_element, float("-inf")).to(tl.float32)
        exponent, _, power = _weigh(z, highest, scale, rest, 0.0)
        total += power.to(tl.float64)
        moment += power * exponent
        excess += tl.where(is_element, _expm1(exponent, power), 0.0)
        size += tl.where(is_element, 1.0, 0.0)

    size = tl.where(is_output, size, 1.0).to(tl.float64)
    found, level, middle = _finish(
        size, t, highest, total, excess.to(tl.float64), moment.to(tl.float64), OPERATION
    )
    to = offsets(row, output, channels, outputs, IS_PIXELWISE)
    tl.store(pooled + to, found.to(tl.float32).to(pooled.dtype.element_ty), is_output)
    tl.store(peak + to, highest.to(peak.dtype.element_ty), is_output)
    tl.store(logarithm + to, level.to(tl.float32), is_output)
    if OPERATION == _SOFTPOOL:
        tl.store(centre + to, middle.to(tl.float32), is_output)


@triton.jit
def _share(
    z, size, scale, rest, at, is_element, upstream, peak, logarithm, centre, OPERATION: tl.constexpr
):
    """Return an element's share of the gradient of one window, and its part of the slope."""
    highest = tl.load(peak + at, is_element, 0.0).to(tl.float32)
    level = tl.load(logarithm + at, is_element, 0.0)
    credit = tl.load(upstream + at, is_element, 0.0).to(tl.float32)
    is_empty = level == float("-inf")
    level = tl.where(is_empty, 0.0, level)
    credit = tl.where(is_empty, 0.0, credit)
    distance, u, power = _weigh(z, highest, scale, rest, level)
    if OPERATION == _LAE:
        return credit / size * power, credit / size * _divergence(u, power)
    if OPERATION == _SOFTPOOL:
        from_mean = distance - tl.load(centre + at, is_element, 0.0)
        return credit * power * (1.0 + from_mean), credit * power * from_mean * from_mean
    return credit * power, credit * power * u


@triton.jit
def differentiate_maps(
    maps, temperature, upstream, peak, logarithm, centre, gradient, slope, rows, channels,
    HEIGHT: tl.constexpr, WIDTH: tl.constexpr,
    OUT_HEIGHT: tl.constexpr, OUT_WIDTH: tl.constexpr,
    KERNEL_HEIGHT: tl.constexpr, KERNEL_WIDTH: tl.constexpr,
    STRIDE_HEIGHT: tl.constexpr, STRIDE_WIDTH: tl.constexpr,
    PAD_HEIGHT: tl.constexpr, PAD_WIDTH: tl.constexpr,
    OPERATION: tl.constexpr, IS_PIXELWISE: tl.constexpr, IS_GLOBAL: tl.constexpr,
    BLOCK_ROWS: tl.constexpr, BLOCK_PIXELS: tl.constexpr,
):  # fmt: skip
    """Write a tile of gradients: every pixel gathers from the windows that contain it."""
    outputs: tl.constexpr = OUT_HEIGHT * OUT_WIDTH
    pixels: tl.constexpr = HEIGHT * WIDTH
    row = (tl.program_id(0).to(tl.int64) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS))[:, None]
    pixel = (tl.program_id(1) * BLOCK_PIXELS + tl.arange(0, BLOCK_PIXELS))[None, :]
    is_pixel = (row < rows) & (pixel < pixels)
    t = tl.load(temperature + row % channels, row < rows, 1.0)
    scale, rest = _scale(t)
    here = offsets(row, pixel, channels, pixels, IS_PIXELWISE)
    z = tl.load(maps + here, is_pixel, 0.0).to(tl.float32)

    if IS_GLOBAL:
        got, part = _share(
            z, pixels, scale, rest, row, row < rows, upstream, peak, logarithm, centre, OPERATION
        )
        part = tl.where(is_pixel, part, 0.0)
    else:
        got = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float32)
        part = tl.zeros([BLOCK_ROWS, BLOCK_PIXELS], tl.float32)
        h, w = pixel // WIDTH, pixel % WIDTH
        last_i, last_j = (h + PAD_HEIGHT) // STRIDE_HEIGHT, (w + PAD_WIDTH) // STRIDE_WIDTH
        across: tl.constexpr = (KERNEL_WIDTH + STRIDE_WIDTH - 1) // STRIDE_WIDTH
        down: tl.constexpr = (KERNEL_HEIGHT + STRIDE_HEIGHT - 1) // STRIDE_HEIGHT
        for window in range(down * across):
            i, j = last_i - window // across, last_j - window % across
            top, left = i * STRIDE_HEIGHT - PAD_HEIGHT, j * STRIDE_WIDTH - PAD_WIDTH
            holds = (i >= 0) & (i < OUT_HEIGHT) & (h < top + KERNEL_HEIGHT)
            holds = holds & (j >= 0) & (j < OUT_WIDTH) & (w < left + KERNEL_WIDTH) & is_pixel
            tall = tl.minimum(top + KERNEL_HEIGHT, HEIGHT) - tl.maximum(top, 0)
            wide = tl.minimum(left + KERNEL_WIDTH, WIDTH) - tl.maximum(left, 0)
            size = tl.where(holds, tall * wide, 1).to(tl.float32)
            at = offsets(row, i * OUT_WIDTH + j, channels, outputs, IS_PIXELWISE)
            one, other = _share(
                z, size, scale, rest, at, holds, upstream, peak, logarithm, centre, OPERATION
            )
            got += tl.where(holds, one, 0.0)
            part += tl.where(holds, other, 0.0)

    tl.store(gradient + here, got.to(gradient.dtype.element_ty), is_pixel)
    sums = -t * tl.sum(part.to(tl.float64), 1, keep_dims=True)
    blocks = tl.num_programs(1)
    tl.store(slope + row * blocks + tl.program_id(1), sums, row < rows)
