"""What is frozen keeps every bit, and each part has its factor times the rate."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from poolbench.core.named import Named
from poolbench.core.parts import Parts
from poolbench.training import OPTIMIZERS
from poolbench.training.loop import Training
from poolbench.training.optimizers import build_optimizer
from tests.training.test_captured import Again
from tests.training.test_loop import STEPS, Blobs, network, optimizer, recipe

CPU = torch.device("cpu")
# Of ``network()``: a convolution, a norm, (ReLU,) a convolution, (flatten,) a dropout, a linear.
TUNED = Parts(
    head=frozenset({"6.weight", "6.bias"}),
    pooling=frozenset({"3.bias"}),
    frozen=frozenset({"0.weight", "0.bias", "1.weight", "1.bias"}),
    still=frozenset({"1"}),
)
RATES = {"head_lr_factor": 0.5, "backbone_lr_factor": 0.25, "pool_lr_factor": 4.0}
on_each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def tuning(body: nn.Module | None = None, parts: Parts = TUNED, **changes: Any) -> Training:
    body = network() if body is None else body
    recorder, seed = changes.pop("recorder", None), changes.pop("seed", 3)

    def validate() -> float:
        body.eval()
        body.train()
        return 0.5

    return Training(
        body, Blobs(), recipe(**{**RATES, **changes}), seed=seed, device=CPU, parts=parts,
        validate=validate, recorder=recorder,
    )  # fmt: skip


def moves(name: str, **factors: float) -> dict[str, Tensor]:
    """Return what one step from fixed weights and gradients adds to each parameter."""
    body = network().double()
    chosen = recipe(optimizer=optimizer(name), **factors)
    made = build_optimizer(body, chosen, Parts(head=TUNED.head, pooling=TUNED.pooling))
    before = {key: value.detach().clone() for key, value in body.named_parameters()}
    generator = torch.Generator().manual_seed(0)
    for value in body.parameters():
        value.grad = torch.randn(value.shape, generator=generator, dtype=value.dtype)
    made.step()
    return {key: value.detach() - before[key] for key, value in body.named_parameters()}


@on_each_optimizer
def test_a_step_of_each_part_is_its_factor_times_the_step_without(name: str) -> None:
    base, scaled = moves(name), moves(name, **RATES)
    for key, move in base.items():
        part = "head" if key in TUNED.head else "pool" if key in TUNED.pooling else "backbone"
        assert move.abs().max() > 1e-4
        torch.testing.assert_close(
            scaled[key], RATES[f"{part}_lr_factor"] * move, rtol=1e-9, atol=1e-12, msg=key
        )


def test_the_rate_of_an_epoch_is_the_recipe_s_own() -> None:
    run, plain = tuning(), tuning(parts=Parts())
    run.run()
    plain.run()
    expected = [0.1 * (1 - 0.5 / STEPS), 0.1 * (1 + 0.5 / STEPS) / 2, 0.1 * (0.5 / STEPS) / 2]
    assert [epoch.lr for epoch in run.history] == pytest.approx(expected)
    assert [epoch.lr for epoch in plain.history] == [epoch.lr for epoch in run.history]


def test_factors_of_1_leave_the_parameters_in_one_group_in_their_order() -> None:
    body = network()
    made = build_optimizer(body, recipe(), Parts(head=TUNED.head))
    (group,) = made.param_groups
    assert [id(p) for p in group["params"]] == [id(p) for p in body.parameters()]


@on_each_optimizer
def test_what_is_frozen_keeps_every_bit_and_the_rest_moves(name: str) -> None:
    run = tuning(optimizer=optimizer(name))
    before = {key: value.clone() for key, value in run.network.state_dict().items()}
    assert run.run() == "done"
    after = run.network.state_dict()
    same = {key for key, value in before.items() if torch.equal(value, after[key])}
    statistics = {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert same == TUNED.frozen | statistics
    grads = {key for key, value in run.network.named_parameters() if value.grad is not None}
    assert not grads & TUNED.frozen


def test_a_frozen_norm_uses_its_running_statistics_and_a_dropout_drops_in_every_epoch() -> None:
    body = network()
    norm, dropout = body[1], body[5]  # type: ignore[index]
    modes: list[tuple[bool, bool]] = []
    run = tuning(body)
    run.run(on_progress=lambda _: modes.append((norm.training, dropout.training)))
    assert modes == [(False, True)] * 3 * STEPS


def test_a_module_in_a_still_one_is_in_training_mode() -> None:
    body = network()
    body[1].add_module("drop", nn.Dropout())  # type: ignore[index,operator]
    run = tuning(body)
    run.run(should_stop=lambda: True)
    assert not body[1].training  # type: ignore[index]
    assert body[1].drop.training  # type: ignore[index,union-attr]


def test_a_clipped_step_is_as_long_as_the_norm_of_what_is_trained_allows() -> None:
    plain = Named(
        name="sgd",
        options={"lr": 1.0, "momentum": 0.0, "weight_decay": 0.0, "nesterov": False},
    )
    run = tuning(
        parts=Parts(frozen=TUNED.frozen, still=TUNED.still), optimizer=plain, clip_norm=0.1,
        schedule=Named(name="constant", options={}), head_lr_factor=1.0, backbone_lr_factor=1.0,
    )  # fmt: skip
    before = [p.detach().clone() for p in run.network.parameters()]
    run.run(should_stop=lambda: True)
    moved = [(p - b).flatten() for p, b in zip(run.network.parameters(), before, strict=True)]
    assert torch.cat(moved).norm().item() == pytest.approx(0.1, rel=1e-4)


def assert_same(one: Training, other: Training) -> None:
    assert one.history == other.history
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name]), name


@on_each_optimizer
@pytest.mark.parametrize("stop_after", [1, STEPS - 1, STEPS, STEPS + 2, 3 * STEPS - 1])
def test_fine_tuning_stopped_anywhere_and_continued_ends_in_the_same_bits(
    name: str, stop_after: int
) -> None:
    whole = tuning(optimizer=optimizer(name), clip_norm=0.5)
    whole.run()
    asked = iter(range(1, 100))
    first = tuning(optimizer=optimizer(name), clip_norm=0.5)
    first.run(should_stop=lambda: next(asked) == stop_after)
    second = tuning(optimizer=optimizer(name), clip_norm=0.5)
    second.load(first.save())
    second.run()
    assert_same(whole, second)


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_recorded_fine_tuning_and_another_seed_in_its_memory_have_the_bits_of_fresh_ones(
    name: str,
) -> None:
    def other() -> nn.Module:
        body = network()
        with torch.no_grad():
            for value in [*body.parameters(), body[1].running_mean]:  # type: ignore[index]
                value.add_(0.01)  # type: ignore[operator,union-attr]
        return body

    eager, reused = (tuning(optimizer=optimizer(name), recorder=r) for r in (None, Again()))
    eager.run()
    reused.run()
    assert_same(eager, reused)
    reused.restart(other().state_dict(), Blobs(), seed=4)
    reused.run()
    fresh = tuning(other(), optimizer=optimizer(name), seed=4)
    fresh.run()
    assert_same(fresh, reused)
