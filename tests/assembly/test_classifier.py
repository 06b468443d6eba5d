"""The classifier of a network: the parameters that depend on the number of classes."""

from __future__ import annotations

from typing import Any

import pytest

from poolbench.assembly.classifier import classifier_parameters
from poolbench.assembly.network import build_body, model_spec
from poolbench.assembly.without_memory import without_memory


@pytest.mark.parametrize(
    ("name", "pools", "classifier"),
    [
        ("wrn", {}, {"classifier.weight", "classifier.bias"}),
        ("torchvision/resnet18", {"head": "lae"}, {"fc.weight", "fc.bias"}),
        # Its classifier is a convolution, and its head pools one map per class.
        (
            "torchvision/squeezenet1_1",
            {"head": {"name": "gem", "learn": "channel"}},
            {"classifier.1.weight", "classifier.1.bias"},
        ),
    ],
)
def test_a_classifier_is_what_depends_on_the_number_of_classes(
    name: str, pools: dict[str, Any], classifier: set[str]
) -> None:
    spec = model_spec(name, {}, pools)
    shape: Any = {"in_channels": 3, "num_classes": 10, "image_size": (64, 64)}
    with without_memory():
        body = build_body(spec, **shape)
    found = classifier_parameters(body, spec, **shape)
    assert found == classifier
