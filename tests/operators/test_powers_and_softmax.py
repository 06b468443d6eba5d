"""Laws and numerics of gem, lp, softpool and lae-context."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.operators.create import create
from poolbench.operators.functional import log_avg_exp
from poolbench.operators.lae_context import contextual_log_avg_exp
from poolbench.operators.powers import generalized_mean, lp_norm
from poolbench.operators.softpool import softmax_mean
from poolbench.operators.window import Window
from tests.operators.rounding import assert_within, tolerances

Pool = Callable[..., Tensor]


def _row(z: list[float]) -> Tensor:
    return torch.tensor(z, dtype=torch.float64).view(1, 1, 1, -1)


positive = st.lists(st.floats(1e-3, 50), min_size=1, max_size=20).map(_row)
signed = st.lists(st.floats(-50, 50), min_size=1, max_size=20).map(_row)
logarithms = st.floats(-3, 4).map(lambda s: torch.tensor([s], dtype=torch.float64))
factors = st.floats(0.1, 20)
every_law = settings(deadline=None, max_examples=60, derandomize=True, database=None)


def _one(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)


def _gradient(pooled: Tensor, leaf: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(pooled.sum(), leaf)
    return gradient


@every_law
@given(positive, logarithms, factors)
def test_a_generalised_mean_is_one_and_rises_with_its_exponent(
    z: Tensor, s: Tensor, c: float
) -> None:
    pooled = generalized_mean(z, s)
    assert z.amin() * (1 - 1e-12) <= pooled <= z.amax() * (1 + 1e-12)
    assert generalized_mean(z, s + 0.5) >= pooled * (1 - 1e-12)
    torch.testing.assert_close(generalized_mean(c * z, s), c * pooled)
    torch.testing.assert_close(generalized_mean(z, _one(0.0)), z.mean((2, 3)))


@every_law
@given(signed, logarithms, factors)
def test_a_norm_lies_above_the_largest_size_and_falls_with_its_exponent(
    z: Tensor, s: Tensor, c: float
) -> None:
    pooled, peak = lp_norm(z, s), z.abs().amax()
    assert peak * (1 - 1e-12) <= pooled <= peak * z.numel() ** (-s).exp() * (1 + 1e-12)
    assert lp_norm(z, s + 0.5) <= pooled * (1 + 1e-12)
    torch.testing.assert_close(lp_norm(-c * z, s), c * pooled)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
def test_a_norm_is_that_of_torch(p: float) -> None:
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = torch.linalg.vector_norm(x, ord=p, dim=(2, 3))
    torch.testing.assert_close(lp_norm(x, _one(math.log(p))), expected)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_no_power_over_or_underflows(size: float) -> None:
    x = torch.tensor([size, size, size, size]).view(1, 1, 2, 2)
    assert lp_norm(x, torch.tensor([math.log(64.0)])).item() == pytest.approx(size * 4 ** (1 / 64))
    if size > 1:
        pooled = generalized_mean(x, torch.tensor([math.log(64.0)]))
        assert pooled.item() == pytest.approx(size)


def test_elements_of_zero_get_no_gradient_from_a_norm_and_spoil_none() -> None:
    x = torch.tensor([0.0, -2.0, 0.0, -torch.inf]).view(1, 1, 2, 2).requires_grad_()
    log_p = torch.tensor([math.log(0.5)], requires_grad=True)
    pooled = lp_norm(x, log_p)
    assert pooled.item() == pytest.approx(2.0)
    assert _gradient(pooled, x).flatten().tolist() == pytest.approx([0.0, -1.0, 0.0, 0.0])
    flat = torch.zeros(1, 1, 2, 2, requires_grad=True)
    assert _gradient(lp_norm(flat, log_p, window=Window.of(2)), flat).eq(0).all()
    assert _gradient(lp_norm(flat, log_p), log_p).item() == 0


def test_a_generalised_mean_of_what_is_not_positive_is_its_floor_without_gradient() -> None:
    x = torch.tensor([-3.0, 0.0, -1.0, -torch.inf]).view(1, 1, 2, 2).requires_grad_()
    pooled = generalized_mean(x, torch.tensor([math.log(3.0)]))
    assert pooled.item() == pytest.approx(1e-6)
    assert _gradient(pooled, x).eq(0).all()


@pytest.mark.parametrize("name", ["gem", "lp"])
def test_an_exponent_is_shown_as_itself_and_must_be_positive(name: str) -> None:
    operator = create(name, p=4, learn="channel", channels=2)
    torch.testing.assert_close(operator.pooling_parameters()["p"], torch.full((2,), 4.0))
    with pytest.raises(BadInput, match=rf"{name}\.p: expected number > 0, got 0"):
        create(name, p=0)


@every_law
@given(signed, logarithms, st.floats(-20, 20), factors)
def test_a_softmax_mean_is_a_mean_that_shifts_and_scales(
    z: Tensor, s: Tensor, shift: float, factor: float
) -> None:
    pooled = softmax_mean(z, s)
    assert z.mean() - 1e-10 <= pooled <= z.amax() + 1e-10
    torch.testing.assert_close(softmax_mean(z + shift, s), pooled + shift)
    torch.testing.assert_close(softmax_mean(factor * z, s + math.log(factor)), factor * pooled)
    torch.testing.assert_close(softmax_mean(z, _one(-60.0)), z.amax().view(1, 1))
    torch.testing.assert_close(softmax_mean(z, _one(60.0)), z.mean((2, 3)))


def _variance(z: Tensor, t: float) -> float:
    distances = (z.double() - z.amax().double()).flatten()
    p = torch.softmax(distances / t, 0)
    gaps = distances - (p * distances).sum()
    return float((p * gaps.square()).sum())


@pytest.mark.parametrize("t", [1e-3, 0.1, 1.0, 32.0, 1024.0])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_the_temperature_of_softpool_has_an_accurate_gradient_in_float32(
    t: float, offset: float
) -> None:
    x = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(3)).abs() + offset
    log_temperature = torch.tensor([math.log(t)], requires_grad=True)
    gradient = _gradient(softmax_mean(x, log_temperature), log_temperature)
    exact_t = math.exp(log_temperature.item())
    expected = torch.tensor([-_variance(x, exact_t) / exact_t], dtype=torch.float64)
    allowed = tolerances(x, log_temperature, torch.ones(1, 1, 1, 1), None, "softpool")
    assert_within(allowed[2].view(1), gradient, expected, rounded_to=torch.float32)


def _lae_without_context(x: Tensor, s: Tensor, *, window: Window | None) -> Tensor:
    return contextual_log_avg_exp(x, s, torch.zeros(1), window=window)


@pytest.mark.parametrize("window", [None, Window.of(3, 2, 1)], ids=["global", "windowed"])
def test_without_a_weight_on_the_context_the_temperature_is_that_of_lae(
    window: Window | None,
) -> None:
    x = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    found = []
    for pool in (log_avg_exp, _lae_without_context):
        z, s = x.clone().requires_grad_(), torch.tensor([-0.5, 0.0, 1.5], requires_grad=True)
        pooled = pool(z, s, window=window)
        found.append((pooled, *torch.autograd.grad(pooled.sum(), (z, s))))
    for expected, actual in zip(*found, strict=True):
        torch.testing.assert_close(actual, expected)


@every_law
@given(signed, logarithms, st.floats(-2, 2), st.floats(-20, 20), factors)
def test_a_temperature_from_the_window_keeps_the_laws_of_lae(
    z: Tensor, s: Tensor, weight: float, shift: float, factor: float
) -> None:
    w = _one(weight)
    pooled = contextual_log_avg_exp(z, s, w)
    assert z.mean() - 1e-8 <= pooled <= z.amax() + 1e-8
    shifted = contextual_log_avg_exp(z + shift, s, w)
    torch.testing.assert_close(shifted, pooled + shift, rtol=1e-7, atol=1e-6)
    scaled = contextual_log_avg_exp(factor * z, s + math.log(factor), w)
    torch.testing.assert_close(scaled, factor * pooled, rtol=1e-7, atol=1e-6)


def test_a_varied_window_is_pooled_warmer_when_the_weight_is_positive() -> None:
    x = torch.tensor([0.0, 0.0, 0.0, 8.0]).view(1, 1, 2, 2)
    cold, same, warm = (
        contextual_log_avg_exp(x, torch.zeros(1), torch.tensor([weight])).item()
        for weight in (-1.0, 0.0, 1.0)
    )
    assert cold > same > warm > x.mean().item()
    assert warm == pytest.approx(log_avg_exp(x, torch.tensor([0.5 * math.log(13)])).item())


def test_an_element_among_dark_ones_has_no_variance_to_any_derivative() -> None:
    x = torch.tensor([3.0, -torch.inf]).view(1, 1, 1, 2).requires_grad_()
    pooled = contextual_log_avg_exp(x, torch.zeros(1), torch.ones(1))
    assert pooled.item() == pytest.approx(3 - math.log(2))
    (slope,) = torch.autograd.grad(pooled.sum(), x, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), x)
    assert slope.flatten().tolist() == [1.0, 0.0]
    assert curvature.flatten().tolist() == [0.0, 0.0]


@pytest.mark.parametrize("window", [None, Window.of(2)], ids=["global", "windowed"])
@pytest.mark.parametrize("pool", ["softpool", "lae-context"])
def test_flat_dark_and_half_dark_windows_send_finite_gradients_back(
    pool: str, window: Window | None
) -> None:
    x = torch.zeros(4, 1, 2, 2)
    x[1] = -torch.inf
    x[2, 0, 0] = -torch.inf
    x[3, 0, 0, 0], x[3, 0, 1, 1] = -torch.inf, 3.0
    x.requires_grad_()
    geometry = {"kernel_size": 2} if window else {}
    operator = create(pool, learn="layer", **geometry)
    if pool == "lae-context":
        torch.nn.init.constant_(operator.context_weight, 0.7)
    operator(x).nan_to_num(neginf=0.0).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert (x.grad[x == -torch.inf] == 0).all()
    assert x.grad[0].sum() == pytest.approx(1.0)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in operator.parameters())
