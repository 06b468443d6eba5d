"""Where the pool disappears, the convolution beside it takes its stride."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from poolbench.assembly.network import build_body, model_spec
from poolbench.models import MODELS
from poolbench.operators.create import create
from poolbench.operators.strided import Strided

WITH_WINDOWS = [
    name for name, entry in MODELS.items() if any(s.scope == "windowed" for s in entry.sites)
]


def strided(name: str) -> nn.Module:
    sites = [site.name for site in MODELS[name].sites if site.scope == "windowed"]
    channels, height, width = MODELS[name].input_shape or (3, 32, 32)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_body(
            model_spec(name, {}, dict.fromkeys(sites, "strided")),
            in_channels=channels,
            num_classes=5,
            image_size=(height, width),
        )


@pytest.mark.parametrize("name", WITH_WINDOWS)
def test_a_strided_network_holds_no_pool_and_still_classifies(name: str) -> None:
    network = strided(name).eval()
    assert not any(isinstance(module, Strided) for module in network.modules())
    shape = MODELS[name].input_shape or (3, 33, 33)
    assert network(torch.rand(1, *shape)).shape == (1, 5)


@pytest.mark.parametrize(
    ("name", "strides"),
    [
        ("lenet-mnist", [2, 2]),
        ("lenet-cifar", [2, 2, 2]),
        ("resnet-page", [1, 1, 2, 1, 2, 1, 2, 1, 4]),
    ],
)
def test_the_convolution_before_each_site_has_the_stride_of_the_pool(
    name: str, strides: list[int]
) -> None:
    convolutions = [m for m in strided(name).modules() if isinstance(m, nn.Conv2d)]
    assert [convolution.stride[0] for convolution in convolutions] == strides


def test_a_strided_mxresnet50_halves_the_map_where_its_pools_did() -> None:
    image = torch.rand(1, 3, 65, 65)
    pooled = build_body(
        model_spec("mxresnet50", {}, {}), in_channels=3, num_classes=5, image_size=(65, 65)
    )
    features = [net.get_submodule("features").eval() for net in (pooled, strided("mxresnet50"))]
    assert [f(image).shape for f in features] == [(1, 2048, 3, 3)] * 2


def test_the_strided_head_of_resnet_page_is_a_convolution_with_a_bias() -> None:
    head = strided("resnet-page").get_submodule("head")
    assert isinstance(head, nn.Conv2d)
    assert head.kernel_size == (1, 1)
    assert head.bias is not None


@pytest.mark.parametrize("size", [9, 12])
@pytest.mark.parametrize("pad", [0, 1])
def test_the_operator_keeps_what_a_strided_convolution_computes(size: int, pad: int) -> None:
    convolution = nn.Conv2d(3, 4, 3, padding=1)
    image = torch.rand(2, 3, size, size)
    operator = create("strided", kernel_size=2 + pad, stride=2, padding=pad)
    kept = operator(convolution(image))
    convolution.stride = (2, 2)
    taken = convolution(image)[:, :, : kept.shape[2], : kept.shape[3]]
    torch.testing.assert_close(kept, taken)


def test_a_window_that_begins_beyond_the_map_keeps_the_last_element() -> None:
    image = torch.arange(6.0).view(1, 1, 1, 6)
    operator = create("strided", kernel_size=(1, 2), stride=(1, 2), padding=(0, 1), ceil_mode=True)
    assert operator(image).flatten().tolist() == [0.0, 2.0, 4.0, 5.0]
