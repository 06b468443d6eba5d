from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from poolbench.assembly.network import build_body, model_spec
from poolbench.core.errors import BadInput
from poolbench.models import MODELS
from poolbench.operators.average import Average
from poolbench.operators.lae import LogAvgExp

LEARNED = {"head": {"name": "lae", "learn": "channel", "temperature": 2.0}}


def build(name: str, pools: dict[str, object] | None = None, *, in_channels: int = 3) -> nn.Module:
    if name.startswith("timm/"):
        pytest.importorskip("timm")
    spec = model_spec(name, {}, pools or {})  # type: ignore[arg-type]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_body(spec, in_channels=in_channels, num_classes=5, image_size=(32, 32))


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("torchvision/resnet18", 512),
        ("torchvision/mobilenet_v3_small", 576),
        ("timm/resnet10t", 512),
        ("timm/mobilenetv3_small_050", 288),
    ],
)
def test_the_head_of_a_library_network_is_an_operator_that_learns(name: str, channels: int) -> None:
    network = build(name, LEARNED)
    pools = [module for module in network.modules() if isinstance(module, LogAvgExp)]
    assert len(pools) == 1
    logits = network(torch.rand(4, 3, 32, 32))
    assert logits.shape == (4, 5)
    torch.autograd.backward(logits.square().sum())
    temperature = pools[0].get_parameter("log_temperature")
    assert temperature.shape == (channels,)


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/resnet10t"])
def test_with_averages_a_library_network_gives_what_it_gave(name: str) -> None:
    library, _, architecture = name.partition("/")
    ours = build(name).eval()
    assert any(isinstance(module, Average) for module in ours.modules())
    if library == "torchvision":
        from torchvision import models

        theirs = models.get_model(architecture, num_classes=5)
    else:
        theirs = pytest.importorskip("timm").create_model(architecture, num_classes=5)
    theirs.load_state_dict(ours.state_dict())
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(ours(images), theirs.eval()(images))


def test_squeezes_keep_their_pools_when_the_head_is_replaced() -> None:
    network = build("torchvision/mobilenet_v3_small", LEARNED)
    squeezes = [m for m in network.modules() if isinstance(m, nn.AdaptiveAvgPool2d)]
    assert len(squeezes) == 9


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("torchvision/resnet81", "torchvision has no network 'resnet81'", "'resnet18'"),
        ("timm/resnet18x", "timm has no network 'resnet18x'", "nearest: resnet18"),
        ("timm/zzz", "timm has no network 'zzz'", "; timm.list_models() has all"),
        (
            "timm/hf-hub:timm/resnet18.a1_in1k",
            "'timm/hf-hub:timm/resnet18.a1_in1k' is a place of weights, not a network",
            "for these weights: {name: timm/resnet18, weights: a1_in1k}",
        ),
        ("timm/hf-hub:someone/net", "is a place of weights", "weights: {file: FOLDER}"),
        ("timm/local-dir:/tmp/x.y", "is a place of weights", "weights: {file: FOLDER}"),
        ("timm/resnet18.", "ends with a dot", "{name: timm/resnet18, weights: TAG}"),
        ("torchvision/vit_b_16", "does not take images of 3x32x32", ""),
        ("torchvision/vgg11", "avgpool makes 7x7 of maps of 1x1, which do not divide", "window"),
        ("torchvision/inception_v3", "does not take images of 3x32x32", ""),
    ],
)
def test_what_cannot_be_built_is_bad_input(name: str, message: str, hint: str) -> None:
    with pytest.raises(BadInput, match=message) as fault, torch.device("meta"):
        build(name)
    assert hint in fault.value.hint
    assert len(fault.value.hint) < 2000


def test_torchvision_takes_colours_only_and_timm_takes_any_channels() -> None:
    with pytest.raises(BadInput, match="three channels, not 1"):
        build("torchvision/resnet18", in_channels=1)
    network = build("timm/resnet10t", in_channels=1)
    assert network(torch.rand(2, 1, 32, 32)).shape == (2, 5)


def test_a_library_name_is_looked_up_without_loading_torch() -> None:
    code = (
        "import sys; from poolbench.models import MODELS\n"
        "assert 'timm/resnet10t' in MODELS and 'torchvision/' not in MODELS\n"
        "assert MODELS['torchvision/resnet18'].sites[0].name == 'head'\n"
        "print(sorted({'torch', 'torchvision', 'timm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_another_library_is_an_unknown_network() -> None:
    with pytest.raises(BadInput, match="unknown model 'keras/resnet18'"):
        MODELS["keras/resnet18"]
