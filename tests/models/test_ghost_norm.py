from __future__ import annotations

import torch

from poolbench.models.ghost_norm import GhostBatchNorm


def maps(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return 3 * torch.randn(count, 2, 4, 4, generator=generator) + 1


def test_each_group_has_mean_zero_and_variance_one_of_its_own() -> None:
    shifted = maps(8) + torch.arange(8.0).view(8, 1, 1, 1)
    normalised = GhostBatchNorm(2, group_size=4)(shifted)
    for group in normalised.split(4):
        variance, mean = torch.var_mean(group, (0, 2, 3), correction=0)
        torch.testing.assert_close(mean, torch.zeros(2), atol=1e-5, rtol=0)
        torch.testing.assert_close(variance, torch.ones(2), atol=1e-4, rtol=0)


def test_a_group_does_not_feel_the_others() -> None:
    x = maps(8)
    louder = torch.cat([x[:4], 100 * x[4:]])
    norm = GhostBatchNorm(2, group_size=4)
    torch.testing.assert_close(norm(x)[:4], norm(louder)[:4])


def test_a_rest_joins_a_group_and_a_small_batch_is_one() -> None:
    assert GhostBatchNorm(2, group_size=4)(maps(11)).shape == (11, 2, 4, 4)
    whole = torch.nn.BatchNorm2d(2, affine=False)
    torch.testing.assert_close(GhostBatchNorm(2, group_size=32)(maps(11)), whole(maps(11)))


def test_groups_are_those_of_tensor_split_and_share_one_gradient() -> None:
    x = maps(11).requires_grad_()
    normalised = GhostBatchNorm(2, group_size=3)(x)
    alone = [GhostBatchNorm(2, group_size=99)(group) for group in x.tensor_split(3)]
    assert torch.equal(normalised, torch.cat(alone))
    weights = maps(11).flip(0)
    (together,) = torch.autograd.grad((normalised * weights).sum(), x, retain_graph=True)
    (apart,) = torch.autograd.grad((torch.cat(alone) * weights).sum(), x)
    assert torch.equal(together, apart)
    # One node for all groups: with one each, every group would fill a whole batch with zeros.
    groups = {node.next_functions[0][0] for node, _ in normalised.grad_fn.next_functions}
    assert len(groups) == 1


def test_evaluation_uses_the_running_mean_of_all_groups() -> None:
    norm, x = GhostBatchNorm(2, group_size=4), maps(8)
    for _ in range(200):
        norm(x)
    between = torch.stack([group.mean((0, 2, 3)) for group in x.split(4)]).mean(0)
    torch.testing.assert_close(norm.running_mean, between, atol=0.02, rtol=0)
    before = norm.running_mean.clone()
    norm.eval()(x)
    assert torch.equal(before, norm.running_mean)
