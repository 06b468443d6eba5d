from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from poolbench.core.cell import Recipe
from poolbench.core.named import Named
from poolbench.core.parts import Parts
from poolbench.training import OPTIMIZERS
from poolbench.training.lookahead import Lookahead
from poolbench.training.optimizers import Optimizer, build_optimizer

CURVATURE = torch.tensor([[0.2, 1.0], [3.0, 10.0]], dtype=torch.float64)
OPTIONS: dict[str, Any] = {
    "lr": 0.05,
    "beta1": 0.9,
    "beta2": 0.97,
    "eps": 1e-6,
    "weight_decay": 0.1,
    "lookahead_steps": 6,
    "lookahead_alpha": 0.5,
}


class Quadratic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[1.0, -2.0], [3.0, 4.0]], dtype=torch.float64))

    def descend(self, optimizer: Optimizer) -> None:
        optimizer.zero_grad()
        (CURVATURE * self.weight**2 / 2).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def recipe(name: str, **options: object) -> Recipe:
    spelled_out = {key: option.default for key, option in OPTIMIZERS[name].options.items()}
    return Recipe(
        epochs=1,
        batch_size=1,
        optimizer=Named(name=name, options={**spelled_out, **options}),
        schedule=Named(name="constant", options={}),
        pool_lr_factor=4.0,
    )


def ranger_as_its_equations_say(x: Tensor, steps: int, options: Mapping[str, float]) -> Tensor:
    lr, beta1, beta2 = options["lr"], options["beta1"], options["beta2"]
    m, v, slow = torch.zeros_like(x), torch.zeros_like(x), x
    rho_inf = 2 / (1 - beta2) - 1
    for t in range(1, steps + 1):
        g = CURVATURE * x
        x = x - lr * options["weight_decay"] * x
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        direction = m / (1 - beta1**t)
        if rho > 5:
            c = ((rho - 4) * (rho - 2) * rho_inf) / ((rho_inf - 4) * (rho_inf - 2) * rho)
            direction *= math.sqrt(c * (1 - beta2**t)) / (v.sqrt() + options["eps"])
        x = x - lr * direction
        if t % options["lookahead_steps"] == 0:
            x = slow = slow + options["lookahead_alpha"] * (x - slow)
    return x


# Rectification sets in at step 6 for this beta2; 5, 6, 7 are either side of a meeting.
@pytest.mark.parametrize("steps", [1, 5, 6, 7, 12, 40])
def test_ranger_is_its_equations(steps: int) -> None:
    bowl = Quadratic()
    expected = ranger_as_its_equations_say(bowl.weight.detach().clone(), steps, OPTIONS)
    optimizer = build_optimizer(bowl, recipe("ranger", **OPTIONS), Parts())
    for _ in range(steps):
        bowl.descend(optimizer)
    torch.testing.assert_close(bowl.weight.detach(), expected, rtol=1e-12, atol=1e-12)


def test_a_lookahead_of_any_optimizer_goes_its_share_of_the_way() -> None:
    ahead, alone = Quadratic(), Quadratic()
    start = ahead.weight.detach().clone()
    lookahead = Lookahead(torch.optim.SGD(ahead.parameters(), lr=0.05), steps=3, alpha=0.25)
    plain = torch.optim.SGD(alone.parameters(), lr=0.05)
    for step in range(3):
        assert torch.equal(ahead.weight, alone.weight), step
        ahead.descend(lookahead)
        alone.descend(plain)
    torch.testing.assert_close(ahead.weight.detach(), start + 0.25 * (alone.weight - start))


def test_a_parameter_without_a_gradient_stays_until_it_has_one() -> None:
    late = nn.Parameter(torch.ones(2))
    early = nn.Parameter(torch.ones(2))
    inner = torch.optim.RAdam([early, late], lr=0.1)
    lookahead = Lookahead(inner, steps=2, alpha=0.5)
    early.grad = torch.ones(2)
    lookahead.step()
    lookahead.step()
    assert torch.equal(late, torch.ones(2))
    late.grad = torch.ones(2)
    lookahead.step()
    lookahead.step()
    assert (late < 1).all()


def test_a_closure_gives_the_gradients_of_the_step() -> None:
    bowl = Quadratic()
    lookahead = Lookahead(torch.optim.SGD(bowl.parameters(), lr=0.1), steps=1, alpha=1.0)

    def loss() -> Tensor:
        lookahead.zero_grad()
        value = bowl.weight.square().sum() / 2
        value.backward()  # type: ignore[no-untyped-call]
        return value

    start = bowl.weight.detach().clone()
    assert lookahead.step(loss).item() == 15.0
    torch.testing.assert_close(bowl.weight.detach(), 0.9 * start)


def test_a_group_that_joins_late_meets_its_slow_weights_in_its_own_time() -> None:
    early, late = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    lookahead = Lookahead(torch.optim.SGD([early], lr=0.1), steps=2, alpha=0.5)
    found = []
    for step in range(3):
        if step == 1:
            lookahead.add_param_group({"params": [late]})
        early.grad, late.grad = torch.ones(1), torch.ones(1)
        lookahead.step()
        found.append((early.item(), late.item()))
    # Two steps of 0.1, halved: early meets after steps 1 and 2, late after steps 2 and 3.
    assert found == [pytest.approx(pair) for pair in ((0.9, 1.0), (0.9, 0.9), (0.8, 0.9))]


def test_a_copy_of_model_and_optimizer_goes_the_same_way() -> None:
    bowl = Quadratic()
    optimizer = build_optimizer(bowl, recipe("ranger", **OPTIONS), Parts())
    bowl.descend(optimizer)
    copied_bowl, copied_optimizer = deepcopy((bowl, optimizer))
    for _ in range(8):
        bowl.descend(optimizer)
        copied_bowl.descend(copied_optimizer)
    assert torch.equal(bowl.weight, copied_bowl.weight)


@pytest.mark.parametrize("name", ["adamw", "ranger"])
def test_decoupled_decay_shrinks_weights_and_spares_norms_biases_and_pooling(name: str) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.PReLU(), nn.Linear(4, 4))
    network.register_parameter("gate", nn.Parameter(torch.ones(3, 3)))
    optimizer = build_optimizer(
        network, recipe(name, lr=0.1, weight_decay=0.5), Parts(pooling=frozenset({"gate"}))
    )
    before = {key: value.detach().clone() for key, value in network.named_parameters()}
    for value in network.parameters():
        value.grad = torch.zeros_like(value)
    optimizer.step()
    shrunk = {key for key, value in network.named_parameters() if not value.equal(before[key])}
    assert shrunk == {"0.weight", "3.weight"}
    torch.testing.assert_close(network[0].weight, 0.95 * before["0.weight"])
    rates = {group["peak_lr"] for group in optimizer.param_groups}
    assert rates == {0.1, 0.4}


def test_adamw_is_torchs() -> None:
    ours, theirs = Quadratic(), Quadratic()
    options = {key: OPTIONS[key] for key in ("lr", "beta1", "beta2", "eps", "weight_decay")}
    optimizer = build_optimizer(ours, recipe("adamw", **options), Parts())
    reference = torch.optim.AdamW(
        theirs.parameters(), lr=0.05, betas=(0.9, 0.97), eps=1e-6, weight_decay=0.1, fused=False
    )
    for _ in range(20):
        ours.descend(optimizer)
        theirs.descend(reference)
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-12, atol=1e-12)


def test_a_loaded_state_goes_on_where_the_saved_one_was() -> None:
    first, second = Quadratic(), Quadratic()
    optimizer = build_optimizer(first, recipe("ranger", **OPTIONS), Parts())
    for _ in range(8):
        first.descend(optimizer)
    other = build_optimizer(second, recipe("ranger", **OPTIONS), Parts())
    second.load_state_dict(first.state_dict())
    other.load_state_dict(deepcopy(optimizer.state_dict()))
    for _ in range(8):
        first.descend(optimizer)
        second.descend(other)
        assert torch.equal(first.weight, second.weight)
