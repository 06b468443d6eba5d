"""Cosine similarities through untrained networks, against what is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from poolbench.core.contraction import Similarities, arccosine_kernel
from poolbench.core.errors import BadInput
from poolbench.operators.create import create
from poolbench.probes.contraction.measure import (
    PoolsSideBySide,
    cosine_similarity,
    measure_similarities,
)
from poolbench.probes.contraction.toy import toy_pair


class Layer(nn.Module):
    """One random layer of ReLUs: its units in groups, each a map of one row."""

    def __init__(self, inputs: int, groups: int, group_size: int, pools: Sequence[str]) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, groups * group_size, bias=False)
        nn.init.normal_(self.hidden.weight)
        self.shape = (groups, 1, group_size)
        self.calls = 0
        self.head = PoolsSideBySide(create(name) for name in pools)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.head(self.hidden(x.flatten(1)).relu().unflatten(1, self.shape))


def correlated(rho: float, pairs: int, inputs: int = 64) -> tuple[Tensor, Tensor]:
    """Return pairs of unit vectors whose similarity is exactly rho."""
    first, other = torch.randn(2, pairs, inputs)
    first = first / first.norm(dim=1, keepdim=True)
    other = other - (other * first).sum(1, keepdim=True) * first
    other = other / other.norm(dim=1, keepdim=True)
    return first, rho * first + math.sqrt(1 - rho * rho) * other


def measured(layer: Layer, rho: float, pairs: int = 20) -> Similarities:
    return measure_similarities(layer, layer.head, [correlated(rho, pairs)], batch_norm="batch")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("rho", [-0.8, 0.0, 0.5, 0.9])
def test_a_wide_layer_makes_the_arccosine_kernel_of_its_inputs(rho: float) -> None:
    found = measured(Layer(64, 4000, 5, ["average"]), rho)
    assert np.mean(found.inputs) == pytest.approx(rho, abs=1e-6)
    assert np.mean(found.features) == pytest.approx(arccosine_kernel(rho), abs=0.01)


@pytest.mark.parametrize("n", [5, 50])
@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_average_pooling_of_independent_units_has_the_similarity_of_its_moments(
    n: int, rho: float
) -> None:
    # Mean 1/sqrt(2 pi), variance (1/2 - 1/2pi)/n, covariance (r(rho)/2 - 1/2pi)/n of the average.
    square = 1 / (2 * math.pi)
    expected = (square + (arccosine_kernel(rho) / 2 - square) / n) / (square + (0.5 - square) / n)
    found = measured(Layer(64, 4000, n, ["average"]), rho)
    assert np.mean(found.pooled[0]) == pytest.approx(expected, abs=0.004)


def test_similarity_behind_average_pooling_falls_short_of_1_by_1_over_n() -> None:
    gaps = {
        n: 1 - np.mean(measured(Layer(64, 500, n, ["average"]), 0.0).pooled[0]) for n in (20, 80)
    }
    assert gaps[20] / gaps[80] == pytest.approx(4, rel=0.1)


def test_behind_max_pooling_it_falls_short_by_less_than_the_proved_1_over_log_n() -> None:
    gaps = {n: 1 - np.mean(measured(Layer(64, 500, n, ["max"]), 0.0).pooled[0]) for n in (10, 300)}
    exponent = math.log(gaps[300] / gaps[10]) / math.log(math.log(300) / math.log(10))
    assert -2.6 < exponent < -1.8


def test_every_operator_pools_the_maps_of_one_forward_pass_and_changes_no_other() -> None:
    pair = correlated(0.3, 6)
    found = {}
    for pools in (["average", "max"], ["max", "lae", "average"]):
        torch.manual_seed(1)
        layer = Layer(64, 10, 8, pools)
        result = measure_similarities(layer, layer.head, [pair], batch_norm="batch")
        assert layer.calls == 1
        found[len(pools)] = dict(zip(pools, result.pooled, strict=True))
    assert found[2]["max"] == found[3]["max"]
    assert found[2]["average"] == found[3]["average"]
    assert found[3]["lae"] != found[3]["average"]


def test_batches_change_nothing_without_batch_normalisation() -> None:
    layer = Layer(64, 10, 8, ["average"])
    x, y = correlated(0.3, 6)
    whole = measure_similarities(layer, layer.head, [(x, y)], batch_norm="batch")
    parts = measure_similarities(
        layer, layer.head, zip(x.split(2), y.split(2), strict=True), batch_norm="batch"
    )
    assert parts.features == pytest.approx(whole.features, abs=1e-6)
    assert len(parts.pooled[0]) == 6


def test_batch_normalisation_uses_what_is_asked_for() -> None:
    head = PoolsSideBySide([create("average")])
    network = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5), head)
    images = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1).expand(2, 1, 2, 2)
    pair = (images[:1], images[1:])
    running = measure_similarities(network, head, [pair], batch_norm="running")
    assert running.pooled[0] == pytest.approx([1.0])
    batch = measure_similarities(network, head, [pair], batch_norm="batch")
    assert batch.pooled[0] == pytest.approx([-1.0])


def test_what_is_zero_has_no_angle() -> None:
    x = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    found = cosine_similarity(x, torch.ones(2, 2)).tolist()
    assert found[0] == pytest.approx(1 / math.sqrt(2))
    assert math.isnan(found[1])


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_a_similarity_does_not_depend_on_how_maps_lie_in_memory(
    memory_format: torch.memory_format,
) -> None:
    x, y = torch.randn(2, 3, 5, 4, 4)
    x, y = (maps.contiguous(memory_format=memory_format) for maps in (x, y))
    expected = nn.functional.cosine_similarity(x.reshape(3, -1), y.reshape(3, -1))
    assert cosine_similarity(x, y).tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_toy_pair_is_an_image_and_its_negative_with_mean_0_and_deviation_1() -> None:
    pair = toy_pair(kappa=2, size_px=5)
    assert pair.shape == (2, 1, 5, 5)
    assert torch.equal(pair[0], -pair[1])
    rows = ["++---", "++---", "-----", "---++", "---++"]
    assert pair[0, 0].tolist() == [[1.0 if c == "+" else -1.0 for c in row] for row in rows]
    assert (pair.mean().item(), pair.std(correction=0).item()) == (0, 1)
    with pytest.raises(BadInput, match="two squares of side 3"):
        toy_pair(kappa=3, size_px=5)
