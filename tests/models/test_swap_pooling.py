from __future__ import annotations

import pytest
import torch
from torch import nn

import poolbench as pb
from poolbench.core.errors import BadInput


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.MaxPool2d(3, 2, 1),
        nn.Sequential(nn.Conv2d(8, 6, 1), nn.AvgPool2d(2, ceil_mode=True)),
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.Flatten(),
        nn.Linear(6, 4),
    )


def images() -> torch.Tensor:
    return torch.rand(2, 3, 18, 18, generator=torch.Generator().manual_seed(1))


def test_the_head_is_replaced_in_place_with_its_output_shape() -> None:
    swapped = network()
    assert pb.swap_pooling(swapped, "lae", temperature=1e6) == ["3"]
    assert swapped[3](torch.rand(2, 6, 5, 5)).shape == (2, 6, 1, 1)
    torch.testing.assert_close(swapped(images()), network()(images()))
    pb_max = network()
    pb.swap_pooling(pb_max, "max")
    assert not torch.allclose(pb_max(images()), network()(images()))


def test_windows_keep_their_geometry() -> None:
    swapped = network()
    features = swapped[:3]
    expected = features(images())
    assert pb.swap_pooling(features, "max", sites="window") == ["1", "2.1"]
    assert features(images()).shape == expected.shape == (2, 6, 5, 5)
    torch.testing.assert_close(features[:2](images()), network()[:2](images()))


def test_images_tell_each_operator_its_channels() -> None:
    swapped = network()
    names = pb.swap_pooling(
        swapped, "lae", sites=("head", "window"), images=images(), learn="channel"
    )
    sizes = [p.numel() for key, p in swapped.named_parameters() if "log_temperature" in key]
    assert sorted(zip(names, sizes, strict=True)) == [("1", 8), ("2.1", 6), ("3", 6)]


def test_looking_at_images_leaves_the_network_as_it_was() -> None:
    swapped = network().append(nn.BatchNorm1d(4))
    swapped[0].eval()
    before = {key: value.clone() for key, value in swapped.state_dict().items()}
    modes = [module.training for module in swapped[:3].modules()]
    pb.swap_pooling(swapped, "average", images=images())
    assert [module.training for module in swapped[:3].modules()] == modes
    assert all(torch.equal(before[key], value) for key, value in swapped.state_dict().items())
    assert not any(module._forward_pre_hooks for module in swapped.modules())


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lea", {}, "unknown operator 'lea'"),
        ("lae", {"sites": "haed"}, "unknown site 'haed'"),
        ("lae", {"sites": "se"}, "no pooling module for 'se'"),
        ("lae", {"learn": "channel"}, "number of channels"),
        ("lae", {"sites": "window", "stride": 1}, "stride is taken from the replaced pool"),
        ("strided", {"sites": ("window", "head")}, "windowed only"),
    ],
)
def test_a_swap_that_cannot_be_meant_changes_nothing(
    name: str, options: dict[str, object], message: str
) -> None:
    swapped = network()
    modules = list(swapped.modules())
    with pytest.raises(BadInput, match=message):
        pb.swap_pooling(swapped, name, **options)  # type: ignore[arg-type]
    assert list(swapped.modules()) == modules


def test_a_dilated_window_is_refused() -> None:
    with pytest.raises(BadInput, match="dilated"):
        pb.swap_pooling(nn.Sequential(nn.MaxPool2d(2, dilation=2)), "average", sites="window")


def test_a_pool_with_a_divisor_of_its_own_is_refused() -> None:
    with pytest.raises(BadInput, match="divisor_override"):
        pb.swap_pooling(nn.Sequential(nn.AvgPool2d(2, divisor_override=3)), "max", sites="window")


@pytest.mark.parametrize("has_weights", [True, False])
def test_operators_take_the_dtype_of_the_network_from_weights_or_else_buffers(
    has_weights: bool,
) -> None:
    norm = nn.BatchNorm2d(3, affine=has_weights)
    swapped = nn.Sequential(norm, nn.MaxPool2d(2)).double()
    pb.swap_pooling(swapped, "conv", sites="window", channels=3)
    assert {parameter.dtype for parameter in swapped.parameters()} == {torch.float64}
    assert swapped(images().double()).dtype == torch.float64


@pytest.mark.parametrize("pool_type", ["avg", "max", "avgmax", "fast", "fastmax", "fastavgmax"])
@pytest.mark.parametrize("flatten", [True, False])
def test_every_global_pool_of_timm_keeps_its_output_shape(pool_type: str, flatten: bool) -> None:
    layers = pytest.importorskip("timm.layers")
    module = nn.Sequential(layers.SelectAdaptivePool2d(pool_type=pool_type, flatten=flatten))
    maps = torch.rand(2, 3, 4, 4)
    expected = module(maps).shape
    assert pb.swap_pooling(module, "lse") == ["0.pool"]
    assert module(maps).shape == expected


def test_a_pool_over_channels_kept_last_is_left_alone() -> None:
    layers = pytest.importorskip("timm.layers")
    module = nn.Sequential(layers.SelectAdaptivePool2d(pool_type="fast", input_fmt="NHWC"))
    with pytest.raises(BadInput, match="no pooling module"):
        pb.swap_pooling(module, "lae")
