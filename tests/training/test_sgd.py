"""SGD on the fused kernel: torch's bits, without torch's compiler."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from poolbench.training.sgd import SGD

PLAIN: dict[str, Any] = {"lr": 0.1, "momentum": 0.0, "weight_decay": 0.0, "nesterov": False}
HEAVY: dict[str, Any] = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": False}
NESTEROV = {**HEAVY, "nesterov": True}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 5))
    return body.to(memory_format=torch.channels_last)


def groups(body: nn.Sequential) -> list[dict[str, Any]]:
    return [
        {"params": list(body[0].parameters())},
        {"params": list(body[3].parameters()), "lr": 0.02, "weight_decay": 0.0},
    ]


def descend(body: nn.Sequential, optimizer: SGD | torch.optim.SGD, steps: range) -> None:
    for step in steps:
        images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(body(images), torch.tensor([0, 1, 2, 3])))
        optimizer.step()


def weights(body: nn.Sequential) -> bytes:
    return b"".join(p.detach().contiguous().numpy().tobytes() for p in body.parameters())


@pytest.mark.parametrize("options", [PLAIN, HEAVY, NESTEROV], ids=["plain", "heavy", "nesterov"])
def test_every_step_has_the_bits_of_torchs_fused_sgd(options: dict[str, Any]) -> None:
    ours, theirs = network(), network()
    own = SGD(groups(ours), **options)
    reference = torch.optim.SGD(groups(theirs), **options, fused=True)
    for step in range(5):
        descend(ours, own, range(step, step + 1))
        descend(theirs, reference, range(step, step + 1))
        assert weights(ours) == weights(theirs), f"step {step}"


@pytest.mark.parametrize("options", [PLAIN, HEAVY, NESTEROV], ids=["plain", "heavy", "nesterov"])
def test_a_state_of_torchs_own_is_taken_up_and_left_alone(options: dict[str, Any]) -> None:
    ours, theirs = network(), network()
    own = SGD(groups(ours), **options)
    reference = torch.optim.SGD(groups(theirs), **options, fused=True)
    descend(theirs, reference, range(2))
    ours.load_state_dict(theirs.state_dict())
    own.load_state_dict(reference.state_dict())
    for step in range(2, 5):  # momenta in common would be moved twice
        descend(ours, own, range(step, step + 1))
        descend(theirs, reference, range(step, step + 1))
        assert weights(ours) == weights(theirs), f"step {step}"


def test_a_parameter_that_joins_later_starts_its_momentum_then() -> None:
    def run(make: type[SGD] | type[torch.optim.SGD], **extra: bool) -> bytes:
        body = network()
        optimizer = make(groups(body), **HEAVY, **extra)
        body[0].requires_grad_(False)
        descend(body, optimizer, range(2))
        body[0].requires_grad_(True)
        descend(body, optimizer, range(2, 5))
        return weights(body)

    assert run(SGD) == run(torch.optim.SGD, foreach=False)


def test_a_state_of_other_groups_is_refused() -> None:
    body = network()
    whole = SGD([{"params": list(body.parameters())}], **HEAVY)
    with pytest.raises(ValueError, match="other parameter groups"):
        whole.load_state_dict(SGD(groups(body), **HEAVY).state_dict())


def test_a_worker_comes_to_its_first_step_without_slow_imports() -> None:
    code = """
import sys, torch
import poolbench.runtime.worker
from poolbench.app.api_studies import load_suite
from poolbench.runtime.cell import network_for, training_for
from poolbench.runtime.process import configured
from poolbench.runtime.data_cache import DataCache
cell = load_suite("smoke").cells[0]
device = torch.device("cpu")
splits = DataCache(None, device).splits(cell.data)
training = training_for(cell, splits, network_for(cell, splits, device), device)
steps = []
with configured("cpu", 1):
    training.run(should_stop=lambda: steps.append(1) is None)
slow = {"torch._dynamo", "torchvision", "sklearn", "scipy", "sympy", "matplotlib", "pydantic"}
print(training.step, sorted(slow & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Reading the suite takes pydantic; workers read a study from the store instead.
    assert done.stdout.strip() == "1 ['pydantic']", done.stdout
