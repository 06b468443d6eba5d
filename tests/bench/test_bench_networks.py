"""What networks cost: counts worked out by hand, times with a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from poolbench.bench.networks import cost_of
from poolbench.models.network import Network
from tests.conftest import Done


def test_parameters_flops_and_kept_memory_are_those_counted_by_hand() -> None:
    body = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5)
    )
    network = Network(body, mean=(0.5, 0.5), std=(0.2, 0.2))
    cost = cost_of(network, torch.rand(8, 2, 6, 6))
    assert cost.parameters == 72 + 144 * 5 + 5
    # Two for each product and its sum: 9 * 2 taps at 4 * 36 places, then 144 inputs to 5.
    assert cost.flops == 2 * (18 * 4 * 36) + 2 * (144 * 5)
    # Float32: the convolution keeps its input; ReLU its output, which the linear layer shares.
    assert cost.kept_bytes == 4 * (2 * 36 + 4 * 36)


def test_a_deeper_network_costs_more_and_a_recipe_nothing(
    poolbench: Callable[..., Done], tiny: Path
) -> None:
    text = tiny.read_text()
    tiny.write_text(
        text
        + "  deep: {pools: average, model: {depth: 32}}\n"
        + "  slow: {pools: average, recipe: {optimizer: {lr: 0.01}}}\n"
    )
    done = poolbench(
        "bench", "networks", tiny, "--batch-size", "8", "--rounds", "7", "--format", "json"
    )
    assert done.code == 0, done.err
    rows = {row["variant"]: row for row in json.loads(done.out)["tables"][0]["rows"]}
    assert rows["average"]["forward_verdict"] == "reference"
    verdicts = {"slower", "faster", "within noise"}
    assert all(
        row["forward_verdict"] in verdicts for name, row in rows.items() if name != "average"
    )
    assert rows["deep"]["flops"] > 3 * rows["average"]["flops"]
    assert rows["lae"]["parameters"] == rows["average"]["parameters"] + 1
    for field in ("parameters", "flops", "kept_bytes"):
        assert rows["slow"][field] == rows["average"][field]


@pytest.mark.parametrize("rounds", ["6", "0"])
def test_too_few_rounds_for_an_interval_are_refused(
    rounds: str, poolbench: Callable[..., Done]
) -> None:
    assert poolbench("bench", "networks", "smoke", "--rounds", rounds).code == 2
