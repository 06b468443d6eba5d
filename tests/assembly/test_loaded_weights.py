"""Weights of a file in a network: the same logits, and every name accounted for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from poolbench.assembly.loaded_weights import Start, load_start, plan_start, read_source
from poolbench.assembly.network import build_body, model_spec
from poolbench.core.cell import ModelSpec
from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from poolbench.core.weights import IMAGENET, Normalisation, Weights

State = dict[str, Tensor]


def spec_of(
    name: str,
    pools: dict[str, Any] | None = None,
    *,
    trained_with: Mapping[str, Named] | None = None,
    normalisation: Normalisation = IMAGENET,
) -> ModelSpec:
    spec = model_spec(name, {}, pools or {})
    weights = Weights(file="x.pt", normalisation=normalisation, pools=trained_with or {})
    return replace(spec, pools={} if pools is None else spec.pools, weights=weights)


def start_of(spec: ModelSpec, state: State, *, classes: int | None = 10, side: int = 64) -> Start:
    shape: Any = {"in_channels": 3, "image_size": (side, side)}
    source = read_source(spec, state, num_classes=classes, **shape)
    return plan_start(spec, source, **shape)


def body_of(spec: ModelSpec, *, classes: int = 10, side: int = 64, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return build_body(spec, in_channels=3, num_classes=classes, image_size=(side, side)).eval()


def resnet(classes: int = 10) -> nn.Module:
    from torchvision.models import resnet18

    torch.manual_seed(7)
    return resnet18(num_classes=classes).eval()


# mobilenet_v2 pools in `forward`, so its head is not a module with a path of its own.
@pytest.mark.parametrize("architecture", ["resnet18", "mobilenet_v2", "squeezenet1_1"])
@pytest.mark.parametrize("pools", [None, {"head": "average"}])
def test_a_network_with_its_weights_gives_the_librarys_logits(
    architecture: str, pools: dict[str, str] | None
) -> None:
    from torchvision import models

    torch.manual_seed(7)
    theirs = models.get_model(architecture, weights=None, num_classes=10).eval()
    spec = spec_of(f"torchvision/{architecture}", pools)
    body = body_of(spec)
    start = start_of(spec, theirs.state_dict())
    assert (start.classifier, start.fresh, start.unused) == ((), (), ())
    load_start(body, start)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(body(images), theirs(images))


def test_a_network_of_timm_gives_timms_logits() -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    torch.manual_seed(7)
    theirs = timm.create_model("efficientnet_b0", num_classes=10).eval()
    spec = spec_of("timm/efficientnet_b0", {"head": "average", "se": "average"})
    body = body_of(spec)
    load_start(body, start_of(spec, theirs.state_dict()))
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(body(images), theirs(images), rtol=1e-4, atol=1e-5)


def test_a_classifier_of_another_width_stays_random_and_nothing_else() -> None:
    theirs = resnet(classes=7)
    spec = spec_of("torchvision/resnet18", {"head": "lae"})
    body, untouched = body_of(spec), body_of(spec)
    start = start_of(spec, theirs.state_dict())
    assert start.classifier == ("fc.bias", "fc.weight")
    assert start.file_classes == 7
    load_start(body, start)
    before, given = untouched.state_dict(), theirs.state_dict()
    for name, value in body.state_dict().items():
        expected = before[name] if name.startswith("fc.") else given[name]
        assert torch.equal(value, expected), name


def test_for_an_unknown_number_of_classes_the_classifiers_own_is_taken() -> None:
    state = resnet(classes=7).state_dict()
    start = start_of(spec_of("torchvision/resnet18", {"head": "lae"}), state, classes=None)
    assert (start.num_classes, start.file_classes, start.classifier) == (7, 7, ())
    assert start.loaded.keys() == state.keys()
    state["fc.bias"] = torch.zeros(8)  # of no width at all
    assert start_of(spec_of("torchvision/resnet18"), state, classes=None).classifier


def test_a_learned_operator_starts_as_it_says_and_is_named() -> None:
    lae = {"name": "lae", "learn": "channel", "temperature": 3.0}
    spec = spec_of("torchvision/resnet18", {"head": lae})
    start = start_of(spec, resnet().state_dict())
    assert start.fresh
    assert all(name.startswith("avgpool.") for name in start.fresh)


def test_an_operator_that_the_weights_were_trained_with_is_loaded_elsewhere_it_is_unused() -> None:
    lae = {"name": "lae", "learn": "layer", "temperature": 3.0}
    trained = spec_of("torchvision/resnet18", {"head": lae})
    state = body_of(trained).state_dict()
    (own,) = (name for name in state if name.startswith("avgpool."))
    state[own] = state[own] + 0.5

    with pytest.raises(BadInput, match=f"1 tensor not in the network: {re.escape(own)}") as refusal:
        start_of(trained, state)
    assert "`pools` of the weights" in refusal.value.hint

    again = spec_of("torchvision/resnet18", {"head": lae}, trained_with=trained.pools)
    body = body_of(again)
    load_start(body, start_of(again, state))
    assert torch.equal(body.state_dict()[own], state[own])

    # Another operator does not take it, though LogSumExp has a temperature of the same name.
    for name in ("gem", "lse"):
        pools = {"head": {"name": name, "learn": "layer"}}
        swapped = spec_of("torchvision/resnet18", pools, trained_with=trained.pools)
        other = start_of(swapped, state)
        assert other.unused == (own,)
        assert other.fresh


def test_weights_that_would_be_random_are_told_from_values_that_an_operator_starts_with() -> None:
    state = resnet().state_dict()
    convolution = start_of(spec_of("torchvision/resnet18", {"window": "conv"}), state)
    assert convolution.random
    assert convolution.random == convolution.fresh
    lae = {"window": {"name": "lae", "learn": "layer"}}
    assert not start_of(spec_of("torchvision/resnet18", lae), state).random


def test_a_network_of_ours_starts_from_a_run_of_ours() -> None:
    spec = model_spec("wrn", {"depth": 8, "width": 1}, {"head": "lae"})
    spec = replace(spec, weights=Weights(file="x.safetensors", normalisation=IMAGENET))
    theirs = body_of(spec, side=16, seed=3)
    state = {f"body.{name}": value for name, value in theirs.state_dict().items()}
    state |= {"mean": torch.zeros(1, 3, 1, 1), "std": torch.ones(1, 3, 1, 1)}
    body = body_of(spec, side=16, seed=4)
    load_start(body, start_of(spec, state, side=16))
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(body(images), theirs(images))


def _without(state: State, *names: str) -> State:
    return {name: value for name, value in state.items() if name not in names}


def test_missing_and_unexpected_names_are_counted_and_the_first_ten_told() -> None:
    state = resnet().state_dict()
    missing = [name for name in state if name.startswith("layer4.") and "batches" not in name]
    state = _without(state, *missing) | {f"extra.{n}": torch.ones(1) for n in range(12)}
    with pytest.raises(BadInput) as refusal:
        start_of(spec_of("torchvision/resnet18"), state)
    told = refusal.value.message
    assert f"{len(missing)} tensors missing: layer4.0.conv1.weight, " in told
    assert f"and {len(missing) - 10} more; 12 tensors not in the network: extra.0, " in told
    assert told.endswith("extra.9 and 2 more")


def test_states_of_before_torch_counted_batches_are_taken() -> None:
    state = resnet().state_dict()
    state = {name: value for name, value in state.items() if "num_batches" not in name}
    assert start_of(spec_of("torchvision/resnet18"), state).loaded.keys() == state.keys()


def test_a_wrong_shape_is_told_with_both() -> None:
    state = resnet().state_dict()
    state["conv1.weight"] = torch.zeros(64, 1, 7, 7)
    with pytest.raises(BadInput, match=r"conv1\.weight is 64x1x7x7, not 64x3x7x7") as refusal:
        start_of(spec_of("torchvision/resnet18"), state)
    assert refusal.value.hint == "name the network that they were saved from"  # it has no options
    spec = model_spec("wrn", {"depth": 8, "width": 1}, {})
    spec = replace(spec, weights=Weights(file="x.pt", normalisation=IMAGENET))
    state = body_of(spec, side=16).state_dict()
    name = next(name for name, value in state.items() if value.dim() == 4)
    state[name] = state[name][:, :1]
    with pytest.raises(BadInput, match="no weights of wrn") as refusal:
        start_of(spec, state, side=16)
    assert "with its options (depth, width" in refusal.value.hint


def test_a_classifier_may_differ_in_its_classes_alone() -> None:
    state = resnet(classes=7).state_dict()
    state["fc.weight"] = torch.zeros(7, 100)
    with pytest.raises(BadInput, match=r"fc\.weight is 7x100, not 10x512"):
        start_of(spec_of("torchvision/resnet18"), state)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_another_precision_is_refused(dtype: torch.dtype) -> None:
    state = resnet().state_dict()
    state["conv1.weight"] = state["conv1.weight"].to(dtype)
    name = str(dtype).removeprefix("torch.")
    told = rf"precision of training, float32: conv1\.weight is {name}\n"
    with pytest.raises(BadInput, match=told) as refusal:
        start_of(spec_of("torchvision/resnet18"), state)
    # What the hint says is done as it is said.
    mended = eval(refusal.value.hint.partition(": ")[2], {"state": state})  # noqa: S307
    assert start_of(spec_of("torchvision/resnet18"), mended).loaded.keys() == state.keys()


def test_counts_of_batches_are_whole_numbers() -> None:
    state = {name: value.float() for name, value in resnet().state_dict().items()}
    told = r"whole ones belong: bn1\.num_batches_tracked is float32, not int64, .* and 10 more"
    with pytest.raises(BadInput, match=told) as refusal:
        start_of(spec_of("torchvision/resnet18"), state)
    mended = eval(refusal.value.hint.partition(": ")[2], {"state": state})  # noqa: S307
    assert start_of(spec_of("torchvision/resnet18"), mended).loaded.keys() == state.keys()


def test_weights_that_are_not_finite_are_refused_with_their_names_and_how_many() -> None:
    state = resnet().state_dict()
    state["conv1.weight"][0, 0, 0, :2] = torch.nan
    state["bn1.running_var"][3] = torch.inf
    told = r"has 3 values that are NaN or infinite: conv1\.weight \(2\), bn1\.running_var \(1\)\n"
    with pytest.raises(BadInput, match=told):
        start_of(spec_of("torchvision/resnet18"), state)


def test_weights_for_other_channels_are_refused() -> None:
    grey = Normalisation(mean=(0.5,), std=(0.25,))
    spec = spec_of("torchvision/resnet18", normalisation=grey)
    with pytest.raises(BadInput, match="for images of 1 channel, these have 3"):
        start_of(spec, resnet().state_dict())


def timms(name: str, **options: Any) -> nn.Module:
    timm = pytest.importorskip("timm")
    torch.manual_seed(7)
    network: nn.Module = timm.create_model(name, **options)
    return network.eval()


def test_an_older_form_of_timm_is_converted_by_its_own_filter() -> None:
    theirs = timms("densenet121", num_classes=10)
    spec = spec_of("timm/densenet121")
    assert not start_of(spec, theirs.state_dict()).conversion
    old = {
        re.sub(r"(norm|conv)([12])\.", r"\1.\2.", name) if "denselayer" in name else name: value
        for name, value in theirs.state_dict().items()
        if not name.endswith("num_batches_tracked")  # torch did not count them then
    }
    assert old.keys() - theirs.state_dict().keys()
    start = start_of(spec, old)
    assert start.conversion.startswith("timm ")
    body, images = body_of(spec), torch.randn(2, 3, 64, 64)
    load_start(body, start)
    with torch.no_grad():
        assert torch.equal(body(images), theirs(images))


@pytest.mark.parametrize("channels", [1, 5])
def test_the_first_convolution_is_fitted_to_the_channels_as_timm_does(channels: int) -> None:
    state = timms("resnet18", num_classes=7).state_dict()
    source = {"state_dict": state, "num_classes": 7}
    theirs = timms(
        "resnet18",
        num_classes=7,
        in_chans=channels,
        pretrained=True,
        pretrained_cfg_overlay=source,
    )
    spec = replace(spec_of("timm/resnet18"), weights=Weights(file="x.pt"))
    shape: Any = {"in_channels": channels, "image_size": (64, 64)}
    start = plan_start(spec, read_source(spec, state, num_classes=7, **shape), **shape)
    assert start.conversion
    given = start.loaded
    assert given.keys() == theirs.state_dict().keys()
    for name, value in theirs.state_dict().items():
        assert torch.equal(given[name], value), name


def test_pixels_of_another_number_of_channels_need_a_normalisation_of_their_own() -> None:
    spec, state = spec_of("timm/resnet18"), timms("resnet18", num_classes=10).state_dict()
    with pytest.raises(BadInput, match="for images of 3 channels, these have 1") as caught:
        read_source(spec, state, in_channels=1, num_classes=10, image_size=(64, 64))
    assert "normalise: {mean: [0.449], std: [0.226]}" in caught.value.hint


def test_weights_of_another_network_of_timm_are_refused_by_their_names() -> None:
    state = timms("resnet18", num_classes=10).state_dict()
    with pytest.raises(BadInput, match=r"no weights of timm/densenet121: \d+ tensors missing"):
        start_of(spec_of("timm/densenet121"), state)
