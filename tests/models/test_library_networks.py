"""Every network of torchvision and families of timm, with operators in place of their own pools."""

from __future__ import annotations

import pytest
import torch

from poolbench.assembly.network import build_body, model_spec
from poolbench.assembly.sites import sites_of
from poolbench.core.errors import BadInput
from poolbench.models.network import count_parameters
from tests.models.library_networks import TIMM, sweep


@pytest.mark.parametrize(
    ("name", "groups", "replaced", "parameters"),
    [
        ("torchvision/resnet18", {"stride": 7, "window": 1, "head": 1}, 2, 11_181_642),
        ("torchvision/mnasnet0_5", {"stride": 5, "head": 1}, 1, 950_322),
        ("torchvision/shufflenet_v2_x0_5", {"stride": 7, "window": 1, "head": 1}, 2, 352_042),
        ("timm/lcnet_035", {"stride": 5, "se": 2, "head": 1}, 1, 376_180),
    ],
)
def test_a_network_with_what_it_had_gives_the_same_logits(
    name: str, groups: dict[str, int], replaced: int, parameters: int
) -> None:
    if name.startswith("timm/"):
        pytest.importorskip("timm")
    swept = sweep(name)
    assert swept.groups == groups
    assert (swept.replaced, swept.difference) == (replaced, 0.0)
    assert swept.parameters == parameters


def body(name: str, pools: dict[str, str], size_px: int = 64) -> torch.nn.Module:
    spec = model_spec(name, {}, pools)  # type: ignore[arg-type]
    return build_body(spec, in_channels=3, num_classes=10, image_size=(size_px, size_px))


def test_a_single_pool_is_replaced_by_its_path_and_all_others_stay() -> None:
    with torch.device("meta"):
        network = body("torchvision/densenet121", {"features.transition1.pool": "max"})
    changed = {name for name, m in network.named_modules() if "poolbench" in type(m).__module__}
    assert changed == {"features.transition1.pool"}
    assert count_parameters(network) == 6_964_106


@pytest.mark.parametrize(
    ("pools", "message", "hint"),
    [
        ({"window": "lae", "maxpool": "max"}, "maxpool is chosen twice, by 'window' and", "leave"),
        ({"maxpol": "lae"}, "torchvision/resnet18 has no site 'maxpol'", "did you mean 'maxpool'?"),
        ({"se": "lae"}, "torchvision/resnet18 has no site 'se'", "known: window, head, maxpool"),
        ({"conv1": "lae"}, "conv1 is a strided convolution, which no operator", "known: window"),
        ({"avgpool": "conv"}, "avgpool: conv is windowed only, not global", "another operator"),
        ({"maxpool": "strided"}, "no convolution beside maxpool takes its stride", "such as conv"),
    ],
)
def test_a_site_that_cannot_be_filled_is_bad_input(
    pools: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(BadInput, match=message) as fault, torch.device("meta"):
        body("torchvision/resnet18", pools)
    assert hint in fault.value.hint


def test_a_transformer_says_why_nothing_in_it_is_pooled() -> None:
    message = "'head': nothing in it pools maps"
    with pytest.raises(BadInput, match=message) as fault, torch.device("meta"):
        body("torchvision/vit_b_16", {"head": "lae"}, 224)
    assert fault.value.hint == "choose another network"


def test_widths_that_are_calculated_with_tensors_need_no_memory_either() -> None:
    sites = sites_of("torchvision/regnet_y_400mf", size_px=64)
    assert sites.parameters == 3_907_554


def test_a_pool_whose_code_cannot_be_traced_is_marked() -> None:
    pytest.importorskip("timm")
    found = sites_of("timm/nasnetalarge", size_px=64).found or ()
    marked = {site.path.rpartition(".")[2]: site.note for site in found if site.group == "window"}
    assert marked["max_pool2d"].endswith("MaxPool2dSame.forward, which torch.fx cannot trace")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_classifier_of_torchvision_and_families_of_timm() -> None:
    from torchvision import models

    names = [f"torchvision/{name}" for name in models.list_models(module=models)]
    timm = pytest.importorskip("timm")
    names += [f"timm/{name}" for name in TIMM if timm.is_model(name)]
    torch.set_num_threads(1)
    swept = []
    for name in names:
        swept.append(sweep(name))
        print(swept[-1], flush=True)  # noqa: T201 - with -s it is the table
    assert not [each.name for each in swept if not each.is_equal]
    idle = {each.name for each in swept if not each.replaced}
    assert {name for name in idle if name.startswith("torchvision/")} == {
        f"torchvision/vit_{kind}" for kind in ("b_16", "b_32", "l_16", "l_32", "h_14")
    }
