"""The theorems about lse and lae, and that operators which are slightly wrong break them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch import Tensor

from poolbench.operators.functional import log_avg_exp, log_sum_exp

Pool = Callable[[Tensor, Tensor], Tensor]
elements = st.lists(st.floats(-50, 50), min_size=1, max_size=30).map(
    lambda z: torch.tensor(z, dtype=torch.float64).view(1, 1, 1, -1)
)
log_temperatures = st.floats(-4, 6).map(lambda s: torch.tensor([s], dtype=torch.float64))
constants = st.floats(-20, 20)


def _close(actual: Tensor, expected: Tensor, scale: Tensor | float = 1.0) -> bool:
    return bool(((actual - expected).abs() <= 1e-10 * (1.0 + abs(scale))).all())


def lies_between_mean_and_max(pool: Pool, z: Tensor, s: Tensor, c: float) -> bool:
    slack = 1e-10 * (1 + s.exp())
    pooled = pool(z, s)
    return bool(z.mean() - slack <= pooled <= z.amax() + slack)


def gives_the_constant(pool: Pool, z: Tensor, s: Tensor, c: float) -> bool:
    return _close(pool(torch.full_like(z, c), s), torch.full_like(s, c))


def shifts_with_its_elements(pool: Pool, z: Tensor, s: Tensor, c: float) -> bool:
    return _close(pool(z + c, s), pool(z, s) + c, s.exp())


def scales_with_its_elements(pool: Pool, z: Tensor, s: Tensor, c: float) -> bool:
    factor = math.exp(c / 10)
    scaled = pool(factor * z, s + math.log(factor))
    return _close(scaled, factor * pool(z, s), factor * (50 + s.exp()))


def credits_by_softmax(pool: Pool, z: Tensor, s: Tensor, c: float) -> bool:
    leaf = z.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(pool(leaf, s), leaf)
    return _close(gradient, torch.softmax(z / s.exp(), -1))


def cools_towards_the_max(pool: Pool, z: Tensor, s: Tensor, c: float) -> bool:
    return _close(pool(z, torch.tensor([-60.0], dtype=z.dtype)), z.amax())


def heats_towards_the_mean(pool: Pool, z: Tensor, s: Tensor, c: float) -> bool:
    error = pool(z, torch.tensor([math.log(1e8)], dtype=z.dtype)) - z.mean()
    return bool((error.abs() < 1e-4).all())


def learns_by_the_gap_to_the_weighted_mean(pool: Pool, z: Tensor, s: Tensor, c: float) -> bool:
    leaf = s.clone().requires_grad_()
    pooled = pool(z, leaf)
    (gradient,) = torch.autograd.grad(pooled.sum(), leaf)
    expected = pooled.detach() - (torch.softmax(z / s.exp(), -1) * z).sum()
    return _close(gradient, expected, 50 + s.exp())


FACTS = {
    fact.__name__: fact
    for fact in (
        lies_between_mean_and_max,
        gives_the_constant,
        shifts_with_its_elements,
        scales_with_its_elements,
        credits_by_softmax,
        cools_towards_the_max,
        heats_towards_the_mean,
        learns_by_the_gap_to_the_weighted_mean,
    )
}
OF_LSE = (
    "shifts_with_its_elements",
    "scales_with_its_elements",
    "credits_by_softmax",
    "cools_towards_the_max",
    "learns_by_the_gap_to_the_weighted_mean",
)


def _hunt(fact: Callable[..., bool], pool: Pool) -> None:
    @settings(
        deadline=None, max_examples=60, derandomize=True, database=None, phases=[Phase.generate]
    )
    @given(elements, log_temperatures, constants)
    def look(z: Tensor, s: Tensor, c: float) -> None:
        assert fact(pool, z, s, c), (z, s, c)

    look()


@pytest.mark.parametrize("fact", FACTS)
def test_lae_keeps_the_fact(fact: str) -> None:
    _hunt(FACTS[fact], log_avg_exp)


@pytest.mark.parametrize("fact", OF_LSE)
def test_lse_keeps_the_fact(fact: str) -> None:
    _hunt(FACTS[fact], log_sum_exp)


@settings(deadline=None, max_examples=100)
@given(elements, log_temperatures)
def test_lse_lies_above_the_max_by_at_most_t_log_n(z: Tensor, s: Tensor) -> None:
    excess = (log_sum_exp(z, s) - z.amax()).item()
    slack = 1e-10 * (1 + s.exp().item())
    assert -slack <= excess <= s.exp().item() * math.log(z.numel()) + slack


@settings(deadline=None, max_examples=100)
@given(st.lists(elements, min_size=2, max_size=5))
def test_lse_over_logits_is_an_or(groups: list[Tensor]) -> None:
    one = torch.zeros(1, dtype=torch.float64)
    of_groups = torch.cat([log_sum_exp(group, one) for group in groups]).flatten().softmax(0)
    members = torch.cat([group.flatten() for group in groups]).softmax(0)
    summed = torch.stack([part.sum() for part in members.split([g.numel() for g in groups])])
    torch.testing.assert_close(of_groups, summed)


def test_a_constant_window_of_three_pools_to_three() -> None:
    x = torch.full((1, 1, 7, 7), 3.0)
    for t in (0.01, 1.0, 4.0, 1024.0):
        assert log_avg_exp(x, torch.tensor([math.log(t)])).item() == 3.0


def _normalised_twice(z: Tensor, s: Tensor) -> Tensor:
    return s.exp() * (torch.logsumexp(z / s.exp(), (2, 3)) - 2 * math.log(z[0, 0].numel()))


def _never_normalised(z: Tensor, s: Tensor) -> Tensor:
    return s.exp() * torch.logsumexp(z / s.exp(), (2, 3))


def _at_unit_temperature(z: Tensor, s: Tensor) -> Tensor:
    return log_avg_exp(z, torch.zeros_like(s)) + 0 * s


def _weighted_mean(z: Tensor, s: Tensor) -> Tensor:
    return (torch.softmax((z / s.exp()).flatten(2), -1) * z.flatten(2)).sum(-1)


@pytest.mark.parametrize(
    ("wrong", "broken"),
    [
        (_normalised_twice, "gives_the_constant"),
        (_normalised_twice, "lies_between_mean_and_max"),
        (_never_normalised, "gives_the_constant"),
        (_never_normalised, "heats_towards_the_mean"),
        (_at_unit_temperature, "scales_with_its_elements"),
        (_at_unit_temperature, "cools_towards_the_max"),
        (_weighted_mean, "credits_by_softmax"),
        (_weighted_mean, "learns_by_the_gap_to_the_weighted_mean"),
    ],
)
def test_an_operator_that_is_wrong_is_caught(wrong: Any, broken: str) -> None:
    with pytest.raises(AssertionError):
        _hunt(FACTS[broken], wrong)
