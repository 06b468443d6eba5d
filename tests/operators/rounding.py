"""What rounding may do to a kernel: errors are relative to the terms summed, not to their sum.

What a cancellation leaves may be as small as the rounding of what cancelled, and a power far below
the largest one has lost the digits of its exponent. A tolerance relative to the result then asks
for more than the arithmetic has; one wide enough for the worst result sees nothing in the others.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from poolbench.operators.elements import count_elements, gather_elements
from poolbench.operators.window import Window

UNIT = {torch.float64: 2.0**-53, torch.float32: 2.0**-24}
UNIT |= {torch.bfloat16: 2.0**-8, torch.float16: 2.0**-11}
# Of arithmetic on elements: on the CPU in double, but native code takes powers of elements of fewer
# digits to 2e-10; on a GPU in float32.
_ON_CPU = {torch.float64: 2.0**-53, torch.float32: 2.0**-35}
_ON_GPU = 2.0**-24
_STEPS = 8  # roundings in a row, and of a sum; measured: 5.5 at most
# Powers below may be nothing to a kernel: subnormal numbers, and what native code cuts off.
_NOTHING = {torch.float64: 2.0**-999, torch.float32: 2.0**-125}


def tolerances(
    x: Tensor,
    log_temperature: Tensor,
    upstream: Tensor,
    window: Window | None,
    operation: str,
    *,
    of_gpu: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what y, the gradient and the slopes of a smooth maximum may err by, in float64.

    With d = (z - m)/t, L the logarithm, u = d - L and p = w exp(u) as in ``SmoothMaximum``, to
    first order: d errs by its roundings, L by them and by that of being kept for backward, u by
    both, exp(u) by as much relative to itself, and a sum by what its terms err by; gradients of
    several windows are added in the dtype that is kept. Behind that
    stand the sums of all kernels, in float64, of terms up to p (1 + |u|)^2 that may cancel.

    Args:
        x: Maps, ``(N, C, H, W)``.
        log_temperature: log t, ``(1,)`` or ``(C,)``.
        upstream: The gradient of y.
        window: Geometry; ``None`` for the whole map.
        operation: ``lse``, ``lae`` or ``softpool``.
        of_gpu: Of the kernels of a GPU, which work on elements in float32.
    """
    kept = torch.promote_types(x.dtype, torch.float32)
    unit = _STEPS * (_ON_GPU if of_gpu else _ON_CPU[kept])
    keeping, adding = 2 * UNIT[kept], _STEPS * UNIT[kept]
    lost, depth = _NOTHING[kept], -math.log(_NOTHING[kept])

    leaf = x.detach().double().requires_grad_()
    gathered = gather_elements(leaf, window, padding=-math.inf)
    z, n = gathered.detach(), count_elements(x, window)
    exact = (_STEPS + n) * UNIT[torch.float64]  # one term after another
    is_lit = z != -math.inf
    is_dark = ~is_lit & gather_elements(torch.ones_like(x), window, padding=0.0).bool()
    t = log_temperature.detach().double().exp().view(1, -1, 1, 1, 1)
    m = z.amax(-1, keepdim=True).nan_to_num(neginf=0.0)
    d = ((z - m) / t).where(is_lit, 0.0)
    weight = is_lit / (n if operation == "lae" else 1.0)
    level = (d.exp() * weight).sum(-1, keepdim=True).log().nan_to_num(neginf=0.0)
    u, a = d - level, d.abs() + level.abs()
    p = weight * u.exp()
    credit = upstream.detach().double().abs().view_as(m)

    off = unit * a + keeping * level.abs()  # of u
    if operation == "softpool":
        centre = (p * d).sum(-1, keepdim=True)
        gap, gap_off = (d - centre).abs(), unit * (d.abs() + centre.abs()) + keeping * centre.abs()
        rise = unit * p * d.abs() * (1 + a)
        share, share_off = p * (1 + gap), p * (1 + gap) * (unit + off) + p * gap_off
        moved = p * gap.square() * (unit + off) + p * gap_off * (2 * gap + gap_off)
    else:
        rise, share, share_off = unit * p * a, p, p * (unit + off)
        # For lae phi(u) = u exp(u) - exp(u) + 1, which is 1 for u = -inf.
        phi = (u * u.exp() - u.expm1()).where(is_lit, is_dark.double())
        is_lae = operation == "lae"
        moved = unit * phi / n + p * u.abs() * off if is_lae else p * (u.abs() * (unit + off) + off)
    pooled = (t * (rise + exact * p * (1 + a))).sum(-1, keepdim=True) + exact * m.abs()
    # What an element is given by all windows that hold it is the transpose of gathering.
    share_off = share_off + (adding * share if window else 0.0) + lost * depth
    (gradient,) = torch.autograd.grad(gathered, leaf, credit * share_off)
    moved = moved + exact * p * (1 + a).square() + lost * depth**2
    return pooled.squeeze(-1), gradient, (t * credit * moved).sum((-1, -2, -3))


def sum_tolerance(size: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what sums in a dtype, of terms whose sizes add up to these, may err by."""
    return _STEPS * UNIT[torch.promote_types(dtype, torch.float32)] * size.detach().double()


def assert_within(
    tolerance: Tensor, found: Tensor, expected: Tensor, *, rounded_to: torch.dtype
) -> None:
    """Check numbers against their tolerance, and that what is no number is so at the same places.

    Args:
        tolerance: Largest error, of any shape that fits.
        found: What is checked.
        expected: What it should be.
        rounded_to: The dtype in which what is found was rounded, once, when it was done; what is
            expected as well, if it is of that dtype.
    """
    assert found.shape == expected.shape
    one, other = found.detach().double(), expected.detach().double()
    unit = UNIT[rounded_to] * (2 if expected.dtype == rounded_to else 1)
    least = torch.finfo(rounded_to).tiny
    tolerance = tolerance + unit * other.abs().clamp(min=least)
    is_number = other.isfinite()
    assert torch.equal(one[~is_number].nan_to_num(), other[~is_number].nan_to_num())
    is_off = ~((one - other).abs() <= tolerance) & is_number
    excess = ((one - other).abs() / tolerance)[is_off]
    assert not is_off.any(), f"{excess.amax():.3g} times the error that rounding explains"
