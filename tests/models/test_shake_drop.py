from __future__ import annotations

import pytest
import torch

from poolbench.models.shake_drop import ShakeDrop


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(11)


@pytest.mark.parametrize("survival", [0.5, 0.9])
def test_the_evaluation_factor_is_the_mean_over_draws(survival: float) -> None:
    branch = torch.ones(1, 1, 1, 1)
    shaken, still = ShakeDrop(survival), ShakeDrop(survival).eval()
    draws = torch.stack([shaken(branch) for _ in range(20_000)])
    # Variance of one draw is at most p(1-p) + (1-p)/3 < 0.42: four standard errors are 0.019.
    assert abs(draws.mean().item() - still(branch).item()) < 0.019
    assert draws.std() > 0.2


def test_a_surviving_branch_is_left_alone_in_both_directions() -> None:
    branch = torch.randn(4, 2, 3, 3, requires_grad=True)
    out = ShakeDrop(1.0)(branch)
    torch.testing.assert_close(out, branch)
    torch.autograd.backward(out.sum())
    assert branch.grad is not None
    assert (branch.grad == 1).all()


def test_a_dropped_branch_has_one_factor_an_image_forward_and_another_backward() -> None:
    branch = torch.ones(2000, 2, 2, 2, requires_grad=True)
    out = ShakeDrop(0.0)(branch)
    torch.autograd.backward(out.sum())
    assert branch.grad is not None
    alpha, beta = out.detach()[:, 0, 0, 0], branch.grad[:, 0, 0, 0]
    torch.testing.assert_close(out.detach(), alpha.view(-1, 1, 1, 1).expand(-1, 2, 2, 2))
    assert -1 <= alpha.min() < -0.9
    assert 0.9 < alpha.max() <= 1
    assert 0 <= beta.min() < 0.05
    assert 0.95 < beta.max() <= 1
    correlation = torch.corrcoef(torch.stack([alpha, beta]))[0, 1]
    assert correlation.abs() < 0.1
