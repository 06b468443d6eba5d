"""The main job on real MNIST and CIFAR-10, a small part of each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from tests.conftest import Done

pytestmark = pytest.mark.skipif(
    not os.environ.get("POOLBENCH_DATA"),
    reason="POOLBENCH_DATA does not name the folder of MNIST and CIFAR-10",
)


def rows(done: Done) -> dict[str, dict[str, float]]:
    assert done.code == 0, done.err
    return {row["variant"]: row for row in json.loads(done.out)["tables"][0]["rows"]}


def test_lenet_learns_mnist_with_max_pooling_and_with_convolution(
    poolbench: Callable[..., Done],
) -> None:
    found = rows(
        poolbench(
            "train", "maxpool/lenet-mnist", "--profile", "smoke", "--set", "seeds=1",
            "--limit", 6000, "--format", "json", "-q",
        )
    )  # fmt: skip
    assert found["max"]["accuracy_mean"] > 0.9
    assert found["conv"]["accuracy_mean"] > 0.85
    assert (found["max"]["parameters"], found["conv"]["parameters"]) == (259_106, 305_282)


def test_a_wide_residual_network_takes_every_operator_of_table_1_on_cifar10(
    poolbench: Callable[..., Done],
) -> None:
    # The published width is for GPUs; every variant, its site and its recipe are the suite's own.
    found = rows(
        poolbench(
            "train", "lae/table1-wrn-cifar10", "--profile", "smoke", "--set", "seeds=1",
            "--set", "model.width=1", "--set", "model.depth=8", "--limit", 64, "--format", "json",
            "-q",
        )
    )  # fmt: skip
    assert set(found) == {
        "average", "mixed-channel", "gated-channel", "lae", "lae-train", "lae-train-channel",
    }  # fmt: skip
    published = {name: row["published_mean"] for name, row in found.items()}
    assert published["lae-train"] == pytest.approx(0.0498)
