"""What is found in a network by running it, and what takes its place."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import poolbench as pb
from poolbench.core.errors import BadInput
from poolbench.models.claims import claimed
from poolbench.models.observed_run import find_pools
from poolbench.models.replaced_pools import EachCell, replace_pools
from poolbench.operators.base import PoolingOperator
from poolbench.operators.create import create


def images(side: int = 24) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1))


class Squeeze(nn.Module):
    """Weighs maps by a function of their mean."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x.mean((2, 3), keepdim=True).sigmoid()


class Functional(nn.Module):
    """Pools by functions only, and drops features in training."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.squeeze = Squeeze()
        self.classifier = nn.Linear(12, 4)

    def features(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.convolution(x), 3, stride=2, padding=1)
        return F.avg_pool2d(self.squeeze(x), kernel_size=2)

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        x = self.features(x)
        peaks = F.adaptive_max_pool2d(x, 1).flatten(1)
        x = torch.cat([x.mean([2, 3]), peaks], 1)
        x = F.dropout(x, 0.5, training=self.training)
        return self.classifier(x * scale)


def functional() -> Functional:
    torch.manual_seed(0)
    return Functional()


def test_calls_are_found_by_what_their_results_are_for() -> None:
    found = find_pools(functional(), images())
    assert [(pool.path, pool.group, pool.geometry.own, pool.maps) for pool in found] == [
        ("convolution", "stride", "", (3, 24, 24)),
        ("max_pool2d", "window", "max", (6, 12, 12)),
        ("squeeze.mean", "se", "average", (6, 6, 6)),
        ("avg_pool2d", "window", "average", (6, 6, 6)),
        ("adaptive_max_pool2d", "head", "max", (6, 3, 3)),
        ("mean", "head", "average", (6, 3, 3)),
    ]


def test_a_network_is_found_as_it_was_left() -> None:
    network = functional()
    network.convolution.eval()
    modes = [module.training for module in network.modules()]
    find_pools(network, images())
    assert [module.training for module in network.modules()] == modes
    assert not any(
        module._forward_pre_hooks or module._forward_hooks for module in network.modules()
    )


def test_what_is_already_there_changes_no_logit_in_either_mode() -> None:
    ours, theirs = functional(), functional()
    pools = [pool for pool in find_pools(ours, images()) if not pool.refusal]
    assert len(pools) == 5
    operators = [create(pool.geometry.own, **pool.geometry.window) for pool in pools]
    replace_pools(ours, pools, operators)
    assert sum(isinstance(module, PoolingOperator) for module in ours.modules()) == 5
    given = []
    for network in (ours, theirs):
        torch.manual_seed(3)
        given.append((network.eval()(images(), 2.0), network.train()(images(), scale=2.0)))
    (evaluated, trained), (evaluated_before, trained_before) = given
    assert torch.equal(evaluated, evaluated_before)
    assert torch.equal(trained, trained_before)
    assert not torch.equal(evaluated, trained)


def test_a_head_that_is_called_learns_by_channel_and_in_a_copy() -> None:
    network = functional()
    names = pb.swap_pooling(network, "lae", images=images(), learn="channel", temperature=1e6)
    assert names == ["adaptive_max_pool2d", "mean"]
    parameters = {name for name, _ in network.named_parameters() if "temperature" in name}
    assert parameters == {"adaptive_max_pool2d.pool.log_temperature", "mean.log_temperature"}
    copied = copy.deepcopy(network)
    nn.init.constant_(copied.get_parameter("mean.log_temperature"), -8.0)
    assert not torch.equal(copied.eval()(images()), network.eval()(images()))
    network.train()(images()).square().sum().backward()  # type: ignore[no-untyped-call]
    gradient = network.get_parameter("mean.log_temperature").grad
    assert gradient is not None
    assert gradient.shape == (6,)


def test_a_network_with_replaced_calls_is_pickled_and_saved_with_them() -> None:
    network = functional()
    pb.swap_pooling(network, "max", sites="window", images=images())
    pb.swap_pooling(network, "lae", images=images(), temperature=0.1)
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    pickled = pickle.loads(pickle.dumps(network))  # noqa: S301
    for again in (pickled, copy.deepcopy(pickled), torch.load(file, weights_only=False)):
        assert torch.equal(again.eval()(images()), network.eval()(images()))
        assert again.state_dict().keys() == network.state_dict().keys()
        for parameter in again.parameters():
            nn.init.zeros_(parameter)
        assert not torch.equal(again(images()), network(images()))


def test_a_second_swap_finds_the_calls_that_are_left() -> None:
    network = functional()
    pb.swap_pooling(network, "max", sites="window", images=images())
    assert pb.swap_pooling(network, "max", images=images()) == ["adaptive_max_pool2d", "mean"]
    maps = network.features(images())
    assert network.eval()(images()).shape == (2, 4)
    assert maps.shape == (2, 6, 3, 3)


def test_the_dtype_of_the_network_is_kept() -> None:
    network = functional().double()
    pb.swap_pooling(network, "lae", images=images().double(), learn="layer")
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float64}


class Stubborn(nn.Module):
    """Decides by a value, which no symbol has."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)) if x.sum() > 0 else x.amax((2, 3))


def test_code_that_cannot_be_traced_is_said_and_left_alone() -> None:
    network = nn.Sequential(Stubborn())
    with pytest.raises(BadInput, match=r"0\.mean is called in Stubborn\.forward, which torch\.fx"):
        pb.swap_pooling(network, "lae", images=images())
    assert type(network[0]) is Stubborn
    assert not list(network[0].children())


class PaddedAverage(nn.AvgPool2d):
    """Pads by a rule of its own, as timm's pools do."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (0, 1, 0, 1), value=1.0))


def test_a_subclass_is_not_taken_for_the_pool_that_it_extends() -> None:
    network = nn.Sequential(PaddedAverage(2))
    expected = network(images(7))
    (found,) = find_pools(network, images(7))
    assert (found.path, found.maps) == ("0.avg_pool2d", (3, 8, 8))
    pb.swap_pooling(network, "average", sites="window", images=images(7))
    torch.testing.assert_close(network(images(7)), expected)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (6, 6)])
def test_cells_are_the_windows_of_an_adaptive_pool(size: tuple[int, int]) -> None:
    maps = torch.rand(2, 3, 6, 12)
    for own, theirs in (("average", F.adaptive_avg_pool2d), ("max", F.adaptive_max_pool2d)):
        ours = EachCell(create(own), size)(maps)
        torch.testing.assert_close(ours, theirs(maps, size))


def test_cells_that_would_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="6x12 do not divide into 4x4"):
        EachCell(create("max"), (4, 4))(torch.rand(2, 3, 6, 12))
    network = nn.Sequential(nn.AdaptiveAvgPool2d(5))
    with pytest.raises(BadInput, match="0 makes 5x5 of maps of 24x24, which do not divide"):
        pb.swap_pooling(network, "lae", images=images())


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        (nn.MaxPool2d(2, dilation=2), "is dilated"),
        (nn.AvgPool2d(2, divisor_override=3), "has a divisor_override"),
        (nn.AdaptiveAvgPool2d((None, 1)), "keeps a side of its map"),
        (nn.Conv2d(3, 3, 2, stride=2), "is a strided convolution"),
    ],
)
def test_what_no_operator_can_do_is_refused(pool: nn.Module, reason: str) -> None:
    found = find_pools(nn.Sequential(pool), images())
    with pytest.raises(BadInput, match=f"net: 0 {reason}"):
        claimed("net", found, ["0"])


@pytest.mark.parametrize(
    ("sites", "message", "hint"),
    [
        (
            ["window", "max_pool2d"],
            "max_pool2d is chosen twice, by 'window' and 'max_pool2d'",
            "one",
        ),
        (
            ["adaptive_max_pool"],
            "no site 'adaptive_max_pool'",
            "did you mean 'adaptive_max_pool2d'?",
        ),
        (["stride"], "convolution is a strided convolution", "known: window"),
    ],
)
def test_a_site_means_one_thing(sites: list[str], message: str, hint: str) -> None:
    found = find_pools(functional(), images())
    with pytest.raises(BadInput, match=message) as fault:
        claimed("net", found, sites)
    assert hint in fault.value.hint


def test_padding_that_counts_is_noted() -> None:
    network = nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.AvgPool2d(3, 1, 1, count_include_pad=False))
    counted, free = find_pools(network, images())
    assert (counted.geometry.counts_padding, free.geometry.counts_padding) == (True, False)
    expected = network[1](images())
    pb.swap_pooling(network, "average", sites="window", images=images())
    torch.testing.assert_close(network[1](images()), expected)
