"""Which parameters of a network are frozen, and which norms stand still."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from poolbench.assembly.network import build_body, image_shape, model_spec
from poolbench.assembly.parts import check_freeze, parts_of
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import Cell, DataSpec, ModelSpec
from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from poolbench.core.parts import Parts
from poolbench.models import MODELS
from tests.cells import a_cell

SHAPE = (3, 32, 32)
LEARNED = {"head": {"name": "lae", "learn": "layer"}}


def a_tuned_cell(spec: ModelSpec, **changes: Any) -> Cell:
    data = DataSpec(source=Named(name="cifar10", options={}), checksum="")
    cell = a_cell(model=spec, data=data)
    return replace(cell, recipe=replace(cell.recipe, **changes))


def parts(
    name: str, pools: dict[str, Any], options: dict[str, Any] | None = None, **changes: Any
) -> tuple[nn.Module, Parts]:
    cell = a_tuned_cell(model_spec(name, options or {}, pools), **changes)
    shape = channels, height, width = image_shape(cell)
    with without_memory():
        body = build_body(
            cell.model, in_channels=channels, num_classes=10, image_size=(height, width)
        )
    return body, parts_of(body, cell, num_classes=10, shape=shape)


def parameters_of(body: nn.Module) -> set[str]:
    return {name for name, _ in body.named_parameters()}


def norms_of(body: nn.Module) -> set[str]:
    return {path for path, module in body.named_modules() if isinstance(module, nn.BatchNorm2d)}


@pytest.mark.parametrize(
    ("name", "classifier", "pooling"),
    [
        ("wrn", {"classifier.weight", "classifier.bias"}, {"head.log_temperature"}),
        ("torchvision/resnet18", {"fc.weight", "fc.bias"}, {"avgpool.pool.log_temperature"}),
    ],
)
def test_a_frozen_backbone_is_all_but_classifier_and_pooling(
    name: str, classifier: set[str], pooling: set[str]
) -> None:
    body, found = parts(name, LEARNED, freeze="backbone")
    assert (found.head, found.pooling) == (classifier, pooling)
    assert found.frozen == parameters_of(body) - classifier - pooling
    assert found.still == norms_of(body)
    assert len(found.still) > 5


def test_nothing_is_frozen_unless_a_recipe_says_so() -> None:
    body, found = parts("wrn", LEARNED)
    assert found == Parts(pooling=frozenset({"head.log_temperature"}))
    _, rated = parts("wrn", LEARNED, backbone_lr_factor=0.1)
    assert rated.head == {"classifier.weight", "classifier.bias"}
    assert not rated.frozen | rated.still
    assert body.get_parameter("head.log_temperature").requires_grad


def test_a_frozen_backbone_has_no_operator_in_it_not_even_one_with_ordinary_weights() -> None:
    body, found = parts("torchvision/resnet18", {"maxpool": "conv"}, freeze="backbone")
    own = {name for name in parameters_of(body) if name.startswith("maxpool.")}
    assert own
    assert found.frozen == parameters_of(body) - own - found.head


def test_paths_are_frozen_with_all_they_contain_and_nothing_beside_them() -> None:
    body, found = parts("torchvision/resnet18", LEARNED, freeze=("conv1", "layer4.0.bn1"))
    assert found.frozen == {"conv1.weight", "layer4.0.bn1.weight", "layer4.0.bn1.bias"}
    assert found.still == {"layer4.0.bn1"}
    _, found = parts("torchvision/resnet18", LEARNED, freeze=("avgpool", "layer1"))
    inside = {name for name in parameters_of(body) if name.startswith("layer1.")}
    assert found.frozen == inside | {"avgpool.pool.log_temperature"}


def test_norms_without_parameters_stand_still_where_they_are_frozen() -> None:
    body, found = parts("resnet-page", {}, freeze="backbone")
    ghosts = {p for p, m in body.named_modules() if type(m).__name__ == "GhostBatchNorm"}
    assert found.still == ghosts
    assert ghosts


@pytest.mark.parametrize("name", MODELS)
def test_a_frozen_backbone_of_any_network_is_not_moved_by_a_pass_in_training_mode(
    name: str,
) -> None:
    spec = model_spec(name, {}, {})
    cell = a_tuned_cell(spec, freeze="backbone")
    body = build_body(spec, in_channels=3, num_classes=10, image_size=SHAPE[1:])
    before = {key: value.clone() for key, value in body.state_dict().items()}
    body.train()
    for path in parts_of(body, cell, num_classes=10, shape=SHAPE).still:
        body.get_submodule(path).training = False
    with torch.no_grad():
        body(torch.rand(4, *SHAPE, generator=torch.Generator().manual_seed(0)))
    assert [key for key, value in body.state_dict().items() if not value.equal(before[key])] == []


def test_a_spectral_norm_goes_on_unless_its_weight_is_frozen() -> None:
    norm = "features.9.residual.0.values.parametrizations.weight.0"
    _, found = parts("mxresnet50", {}, freeze=("features.9",))
    assert norm in found.still
    _, found = parts("mxresnet50", {}, freeze=("features.0",))
    assert norm not in found.still


class Blocks(nn.Module):
    """Modules whose names begin alike, and a weight that two of them share."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("block1", "block10"):
            norm = nn.BatchNorm2d(3, affine=False)
            self.add_module(name, nn.Sequential(nn.Conv2d(3, 3, 1), norm, nn.Dropout()))
        self.tied = nn.Conv2d(3, 3, 1, bias=False)
        self.block10[0].weight = self.tied.weight  # type: ignore[index,assignment,operator]
        self.plain = nn.BatchNorm2d(3, track_running_stats=False)


@pytest.mark.parametrize(
    ("freeze", "frozen", "still"),
    [
        (("block1",), {"block1.0.weight", "block1.0.bias"}, {"block1.1"}),
        (("block1.0",), {"block1.0.weight", "block1.0.bias"}, set()),
        (("tied",), {"block10.0.weight"}, set()),
        (("plain",), {"plain.weight", "plain.bias"}, set()),
        (("block1.2",), set(), set()),
    ],
)
def test_names_that_begin_alike_and_weights_that_are_shared(
    freeze: tuple[str, ...], frozen: set[str], still: set[str]
) -> None:
    cell = a_tuned_cell(a_cell().model, freeze=freeze)
    found = parts_of(Blocks(), cell, num_classes=10, shape=SHAPE)
    assert (found.frozen, found.still) == (frozen, still)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("layer5", "did you mean 'layer"),
        ("layer4.2.bn1", "known: layer4.0, layer4.1"),
        ("conv1.weight", "conv1"),
        ("", "known: avgpool, bn1"),
    ],
)
def test_a_path_that_is_not_there_is_told_with_what_is_beside_it(path: str, hint: str) -> None:
    spec = model_spec("torchvision/resnet18", {}, {})
    with pytest.raises(BadInput) as caught:
        check_freeze(a_tuned_cell(spec, freeze=(path,)))
    assert f"torchvision/resnet18 has no module '{path}'" in caught.value.message
    assert hint in caught.value.hint


def test_something_has_to_be_left_to_train() -> None:
    spec = model_spec("wrn", {"depth": 8, "width": 1}, {})
    with pytest.raises(BadInput, match="leaves nothing of wrn to train"):
        check_freeze(a_tuned_cell(spec, freeze=("classifier", "stages", "stem")))
    check_freeze(a_tuned_cell(spec, freeze=("stages", "stem")))
    learned = model_spec("wrn", {"depth": 8, "width": 1}, LEARNED)
    check_freeze(a_tuned_cell(learned, freeze=("classifier", "stages", "stem")))


def test_a_weight_that_no_network_trains_is_not_left_to_train() -> None:
    body = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1))
    body[1].requires_grad_(False)
    cell = a_tuned_cell(a_cell().model, freeze=("0",))
    with pytest.raises(BadInput, match="nothing"):
        parts_of(body, cell, num_classes=10, shape=SHAPE)


def test_parts_of_a_body_are_parts_of_the_network_around_it() -> None:
    body, found = parts("wrn", LEARNED, {"depth": 8, "width": 1}, freeze="backbone")
    around = nn.ModuleDict({"body": body})
    moved = found.within("body")
    assert moved.frozen | moved.head | moved.pooling == parameters_of(around)
    assert moved.still <= {path for path, _ in around.named_modules()}
    assert len(moved.still) == len(found.still)
    assert torch.is_tensor(around.get_parameter(min(moved.head)))
