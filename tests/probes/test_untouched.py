from __future__ import annotations

import pytest
import torch
from torch import nn

from poolbench.probes.api import untouched
from tests.probes.subjects import small_network


def spoil(network: nn.Module) -> None:
    with untouched(network) as lent:
        assert not any(module.training for module in lent.modules())
        assert not any(parameter.requires_grad for parameter in lent.parameters())
        lent.train().requires_grad_(True)
        lent(torch.rand(9, 1, 8, 8)).sum().backward()  # moves batch norm and the random state
        with torch.no_grad():
            for parameter in lent.parameters():
                parameter.add_(1)
        raise ZeroDivisionError


def test_whatever_is_done_to_a_lent_network_is_undone_even_after_an_error() -> None:
    network = small_network()
    frozen, *others = network.parameters()
    frozen.requires_grad_(False)
    network.zero_grad()
    others[0].grad = mark = torch.ones_like(others[0])
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.random.get_rng_state()
    with pytest.raises(ZeroDivisionError):
        spoil(network)
    after = network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert all(module.training for module in network.modules())
    assert [p.requires_grad for p in network.parameters()] == [False] + [True] * len(others)
    assert others[0].grad is mark
    assert bool((mark == 1).all())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(p.grad is None for p in (frozen, *others[1:]))
