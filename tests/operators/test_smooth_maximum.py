"""Accuracy, gradients and limits of lse and lae."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from poolbench.operators.functional import log_avg_exp, log_sum_exp
from poolbench.operators.kernels import OPERATIONS
from poolbench.operators.smooth_maximum import (
    SmoothMaximum,
    smooth_maximum,
    smooth_maximum_by_definition,
)
from poolbench.operators.window import Window
from tests.operators.rounding import assert_within, tolerances

Pool = Callable[..., Tensor]
POOLS: dict[str, Pool] = {"lae": log_avg_exp, "lse": log_sum_exp}
TEMPERATURES = [1e-3, 1e-2, 0.1, 1.0, 4.0, 32.0, 128.0, 1024.0]
OVERLAPPING = Window.of(3, 2, 1)
every_kernel = pytest.mark.parametrize("kernels", ["", "eager"], ids=["fastest", "eager"])
every_pool = pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
every_scope = pytest.mark.parametrize("window", [None, OVERLAPPING], ids=["global", "windowed"])


def truth(x: Tensor, log_temperature: Tensor, average: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Return value, d/dz and d/dlog t of every row in float64, by the cancellation-free forms.

    The entropy and the divergence are sums of terms of one sign, and 1 is never added to what is
    small beside it: at every t ten digits stay.
    """
    z, t = x.double().flatten(2), log_temperature.double().exp()
    n = z.shape[-1]
    d = (z - z.amax(-1, keepdim=True)) / t
    log_mean = torch.log1p(torch.expm1(d).mean(-1, keepdim=True))
    u = d - log_mean
    p = u.exp() / n
    divergence = (u * u.exp() - torch.expm1(u)).mean(-1)
    others = d.sort(-1, descending=True).values[..., 1:].exp().sum(-1, keepdim=True)
    log_sum = torch.log1p(others)
    entropy = ((d - log_sum).exp() * (log_sum - d)).sum(-1)
    value = z.amax(-1) + t * (log_mean if average else log_sum).squeeze(-1)
    return value, p, t * (-divergence if average else entropy)


def assert_true(pool: Pool, t: float, dtype: torch.dtype) -> None:
    """Check values, gradients and slopes of maps against the truth."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(1, 64, 32, 32, generator=generator).abs().to(dtype).requires_grad_()
    log_temperature = torch.full((64,), math.log(t)).requires_grad_()
    operation = "lae" if pool is log_avg_exp else "lse"
    value, p, slope = truth(x.detach(), log_temperature.detach()[:1], operation == "lae")
    allowed = tolerances(x, log_temperature, torch.ones(1, 64, 1, 1), None, operation)
    pooled = pool(x, log_temperature)
    gradient, own = torch.autograd.grad(pooled.sum(), (x, log_temperature))
    assert_within(allowed[0].view(1, 64), pooled, value, rounded_to=dtype)
    assert_within(allowed[1], gradient, p.view(x.shape), rounded_to=dtype)
    assert_within(allowed[2].view(64), own, slope.view(64), rounded_to=torch.float32)


@every_kernel
@every_pool
@pytest.mark.parametrize("t", TEMPERATURES)
def test_float32_is_accurate_to_a_few_roundings_at_every_temperature(
    pool: Pool, t: float, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLBENCH_KERNELS", kernels)
    assert_true(pool, t, torch.float32)


@every_pool
@pytest.mark.parametrize("t", [1e-3, 1.0, 32.0, 1024.0])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_costs_only_the_rounding_of_inputs_and_outputs(
    pool: Pool, t: float, dtype: torch.dtype
) -> None:
    assert_true(pool, t, dtype)


def test_a_temperature_of_a_million_gives_the_mean() -> None:
    x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    pooled = log_avg_exp(x, torch.full((1,), math.log(1e6)))
    torch.testing.assert_close(pooled, x.mean((2, 3)), rtol=0, atol=1e-6)


@every_pool
@pytest.mark.parametrize("size", [1e30, 3e38])
def test_huge_activations_do_not_overflow(pool: Pool, size: float) -> None:
    x = torch.tensor([-size, 0.0, size / 2, size]).view(1, 1, 2, 2)
    assert pool(x, torch.full((1,), math.log(0.1))).item() == pytest.approx(size)


@every_pool
@pytest.mark.parametrize(
    "window", [None, OVERLAPPING, Window.of(3, 2, 1, ceil_mode=True), Window.of(2, 3)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_jacobian_entry_agrees_with_finite_differences(
    pool: Pool, window: Window | None, channels: int
) -> None:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(2, 3, 6, 5, dtype=torch.float64, generator=generator).requires_grad_()
    log_temperature = torch.randn(channels, dtype=torch.float64, generator=generator)
    assert torch.autograd.gradcheck(
        lambda z, s: pool(z, s, window=window), (x, log_temperature.requires_grad_())
    )


@every_pool
@every_scope
def test_minus_infinity_gets_no_gradient_and_spoils_none(pool: Pool, window: Window | None) -> None:
    generator = torch.Generator().manual_seed(8)
    x = torch.randn(2, 2, 5, 5, generator=generator)
    x[0, 0, 1, 2] = x[1, 1, :3] = x[1, 0] = -torch.inf
    x.requires_grad_()
    log_temperature = torch.zeros(2, requires_grad=True)
    pool(x, log_temperature, window=window).nan_to_num(neginf=0.0).sum().backward()
    assert x.grad is not None
    assert log_temperature.grad is not None
    assert x.grad.isfinite().all()
    assert (x.grad[x == -torch.inf] == 0).all()
    assert (x.grad[0, 0][x[0, 0] > -torch.inf] > 0).all()
    assert log_temperature.grad.isfinite().all()


@every_pool
def test_a_window_of_nothing_but_minus_infinity_does_not_move_the_temperature(pool: Pool) -> None:
    x = torch.full((1, 1, 3, 3), -torch.inf, requires_grad=True)
    log_temperature = torch.zeros(1, requires_grad=True)
    pooled = pool(x, log_temperature)
    pooled.sum().backward()
    assert pooled.item() == -math.inf
    assert x.grad is not None
    assert (x.grad == 0).all()
    assert log_temperature.grad is not None
    assert log_temperature.grad.item() == 0


def test_one_bright_pixel_in_a_dark_map_leaves_the_other_windows_exact() -> None:
    x = torch.zeros(1, 1, 16, 16)
    x[0, 0, 5, 5] = 200.0
    pooled = log_avg_exp(x, torch.zeros(1), window=Window.of(2))
    assert pooled[0, 0, 2, 2].item() == pytest.approx(200 - math.log(4))
    assert pooled.count_nonzero() == 1


@every_pool
@every_scope
def test_even_a_third_derivative_is_right(pool: Pool, window: Window | None) -> None:
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(1, 1, 4, 3, dtype=torch.float64, generator=generator).requires_grad_()
    log_temperature = torch.zeros(1, dtype=torch.float64, requires_grad=True)

    def slope(z: Tensor, s: Tensor) -> Tensor:
        pooled = pool(z, s, window=window).square().sum()
        return torch.autograd.grad(pooled, z, create_graph=True)[0]

    assert torch.autograd.gradgradcheck(slope, (x, log_temperature), fast_mode=True)
    fixed = log_temperature.detach()
    assert torch.autograd.gradgradcheck(lambda z: slope(z, fixed), (x,), fast_mode=True)


@pytest.mark.parametrize("operation", OPERATIONS)
@every_scope
def test_the_definition_behind_second_derivatives_knows_dark_elements_and_dark_windows(
    operation: str, window: Window | None
) -> None:
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(2, 2, 5, 4, dtype=torch.float64, generator=generator)
    x[0, 0] = x[1, 1, 2, 3] = -math.inf
    x.requires_grad_()
    log_temperature = torch.tensor([0.3, -0.2], dtype=torch.float64, requires_grad=True)
    pooled = smooth_maximum(x, log_temperature, window, operation)
    defined = smooth_maximum_by_definition(x, log_temperature, window, operation)
    assert (defined[0, 0] == -math.inf).all()
    torch.testing.assert_close(pooled, defined.view_as(pooled))
    (first,) = torch.autograd.grad(
        pooled.where(pooled.isfinite(), 0.0).square().sum(), x, create_graph=True
    )
    second, slope = torch.autograd.grad(first.square().sum(), (x, log_temperature))
    assert second.isfinite().all()
    assert slope.isfinite().all()
    assert second[0, 0].count_nonzero() == second[1, 1, 2, 3].count_nonzero() == 0


class Blind(torch.autograd.Function):
    """The identity, which gives what is before it no gradient at all."""

    @staticmethod
    def forward(_: Any, pooled: Tensor) -> Tensor:
        return pooled.clone()

    @staticmethod
    def backward(*_: Any) -> None:
        return None


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_given_no_gradient_gives_none_and_only_the_value_has_one(operation: str) -> None:
    x = torch.ones(1, 1, 2, 2, requires_grad=True)
    log_temperature = torch.zeros(1, requires_grad=True)
    pooled, *kept = SmoothMaximum.apply(x, log_temperature, None, operation)
    assert not any(tensor.requires_grad for tensor in kept)
    Blind.apply(pooled).sum().backward()
    assert x.grad is log_temperature.grad is None


@every_pool
def test_backward_keeps_nothing_as_large_as_the_input_but_the_input(pool: Pool) -> None:
    saved: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    x = torch.randn(2, 8, 16, 16, requires_grad=True)
    log_temperature = torch.zeros(8, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        pool(x, log_temperature)
    assert sum(tensor.numel() for tensor in saved if tensor.data_ptr() != x.data_ptr()) <= 5 * 16


@every_pool
def test_pieces_for_one_thread_and_whole_batches_for_many_give_the_same_numbers(
    pool: Pool,
) -> None:
    x = torch.randn(3, 40, 64, 64, generator=torch.Generator().manual_seed(6))
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            z, own = x.clone().requires_grad_(), torch.zeros(40, requires_grad=True)
            pooled = pool(z, own)
            pooled.sum().backward()
            found.append((pooled, z.grad, own.grad))
    finally:
        torch.set_num_threads(threads)
    operation = "lae" if pool is log_avg_exp else "lse"
    allowed = tolerances(x, torch.zeros(40), torch.ones(3, 40, 1, 1), None, operation)
    shapes = ((3, 40), x.shape, 40)
    for one, two, tolerance, shape in zip(*found, allowed, shapes, strict=True):
        tolerance = tolerance.sum_to_size(40) if shape == 40 else tolerance.view(shape)
        assert_within(tolerance, one, two, rounded_to=torch.float32)
