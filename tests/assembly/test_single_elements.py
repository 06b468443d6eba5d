from __future__ import annotations

import pytest

from poolbench.assembly.network import model_spec
from poolbench.assembly.single_elements import keeps_one_element


@pytest.mark.parametrize(
    ("operator", "keeps"),
    [
        ("average", True),
        ("max", True),
        ("median", True),
        ("lae", True),
        ("softpool", True),
        ("gem", False),  # clamps what is below zero
        ("lp", False),
        ("conv", False),  # pools windows only
    ],
)
def test_one_element_is_kept_or_not(operator: str, keeps: bool) -> None:
    network, site = ("lenet-cifar", "pool1") if operator == "conv" else ("resnet32", "head")
    assert keeps_one_element(model_spec(network, {}, {site: operator}).pools[site]) is keeps
