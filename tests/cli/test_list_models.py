"""``poolbench list models``: what is said of a library's network holds for it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import Done

Program = Callable[..., Done]


@pytest.mark.parametrize(
    ("name", "sites", "images"),
    [
        ("vit_b_16", "none", "3x224x224 only"),
        ("vgg11", "head (global, default average); window (windowed, default its own)", "32 x 32"),
        ("mobilenet_v3_small", "head (global, default average); se (global, default its own)", "3"),
    ],
)
def test_a_network_has_the_sites_and_the_images_that_are_listed(
    poolbench: Program, name: str, sites: str, images: str
) -> None:
    done = poolbench("list", "models", f"torchvision/{name}", "--format", "json")
    assert done.code == 0, done.err
    entry, found, *others = json.loads(done.out)["tables"]
    facts = {row["column0"]: row["column1"] for row in entry["rows"]}
    assert facts["sites"] == sites
    assert images in facts["input"]
    assert facts["input"] != "any size"
    groups = {row["group"] for row in found["rows"]} - {"stride"}
    assert all(f"{group} (" in sites for group in groups)
    assert not others  # its builder's docstring says nothing of it


def test_a_network_of_ours_is_described_in_full(poolbench: Program) -> None:
    done = poolbench("list", "models", "wrn")
    assert "any size" in done.out
    assert "wrn in full" in done.out
