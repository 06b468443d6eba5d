from __future__ import annotations

import pytest
import torch

from poolbench.assembly.network import build_body
from poolbench.core.cell import ModelSpec
from poolbench.core.named import Named
from poolbench.models import MODELS
from poolbench.models.network import count_parameters
from poolbench.operators import OPERATORS


def operator(name: str, **options: object) -> Named:
    entry = OPERATORS[name]
    defaults = {key: option.default for key, option in entry.options.items()}
    return Named(name=name, options={**defaults, **options})


def parameters(network: str, pool: Named, *, num_classes: int = 10, **options: object) -> int:
    entry = MODELS[network]
    channels, height, width = entry.input_shape or (3, 32, 32)
    defaults = {key: option.default for key, option in entry.options.items()}
    with torch.device("meta"):
        body = build_body(
            ModelSpec(
                network=Named(name=network, options={**defaults, **options}),
                pools={site.name: pool for site in entry.sites},
            ),
            in_channels=channels,
            num_classes=num_classes,
            image_size=(height, width),
        )
    return count_parameters(body)


# LeNets and resnet-page: "The theoretical expressiveness of maxpooling", appendix E.
# ResNet-32, ResNet-50, DLA, DenseNet: their public CIFAR versions.
# The others: worked out by hand from the published architecture.
@pytest.mark.parametrize(
    ("expected", "network", "pool", "options"),
    [
        (259_106, "lenet-mnist", operator("max"), {}),
        (305_282, "lenet-mnist", operator("conv"), {}),
        (232_162, "lenet-cifar", operator("max"), {}),
        (253_890, "lenet-cifar", operator("conv", kernel="one"), {}),
        (232_162, "lenet-cifar", operator("strided"), {}),
        (4_666_265, "resnet-page", operator("max"), {}),
        (10_238_233, "resnet-page", operator("conv"), {}),
        (5_273_881, "resnet-page", operator("conv", kernel="one"), {}),
        (4_928_921, "resnet-page", operator("strided"), {}),
        (23_641_003, "mxresnet50", operator("average"), {}),
        (23_575_466, "mxresnet50", operator("average"), {"attention": False}),
        (16_566_290, "pyramidnet", operator("average"), {}),
        (769_162, "densenet", operator("average"), {"depth": 100}),
        (464_154, "resnet32", operator("average"), {}),
        (23_520_842, "resnet50", operator("average"), {}),
        (16_291_386, "dla", operator("average"), {}),
        (3072 * 1000 + 20 * 10, "shallow-fcn", operator("average"), {}),
        (3 * 3 * 3 * 640 + 640 * 10, "shallow-cnn", operator("average"), {}),
        (6_173_472, "wrn", operator("average"), {}),
        (6_223_284, "wrn", operator("average"), {"se": True}),
        (6_208_122, "wrn", operator("average"), {"num_classes": 100}),
        (6_173_473, "wrn", operator("lae", learn="layer"), {}),
        (6_173_472 + 384, "wrn", operator("lae", learn="channel"), {}),
    ],
)
def test_parameter_counts_are_the_published_ones(
    expected: int, network: str, pool: Named, options: dict[str, object]
) -> None:
    assert parameters(network, pool, **options) == expected


@pytest.mark.parametrize(("depth", "layers"), [(150, 24), (100, 16), (22, 3)])
def test_densenet_has_the_parameters_of_its_formula(depth: int, layers: int) -> None:
    growth, channels = 12, 24
    expected = 3 * 9 * channels
    for stage in range(3):
        if stage > 0:
            expected += 2 * channels + channels * (channels // 2)
            channels //= 2
        for _ in range(layers):
            # Norm and 1x1 to four times the growth, norm and 3x3 to the growth.
            expected += 2 * channels + channels * 4 * growth
            expected += 2 * 4 * growth + 4 * growth * growth * 9
            channels += growth
    expected += 2 * channels + channels * 10 + 10
    assert parameters("densenet", operator("average"), depth=depth) == expected
