"""ReLU networks: what their neurons hold, and what they compute."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from poolbench.core.errors import BadInput
from poolbench.theory.least_error import least_error
from poolbench.theory.plan import divide_and_conquer
from poolbench.theory.relu_network import estimator_network, max_network


def _whole_numbers(count: int, width: int) -> np.ndarray:  # type: ignore[type-arg]
    # Sums of whole numbers are not rounded, so networks must be right in every bit.
    return np.random.default_rng(width).integers(-50, 50, (count, width)).astype(np.float64)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9, 33, 100])
def test_the_max_network_computes_the_max_in_as_many_layers_as_lemma_1_says(n: int) -> None:
    network = max_network(n)
    x = np.concatenate([_whole_numbers(200, n), np.zeros((1, n)), np.full((1, n), -3.0)])
    np.testing.assert_array_equal(network(x)[:, 0], x.max(1))
    depth = (n - 1).bit_length()
    assert len(network.widths) == depth
    assert all(w <= 3 * 2 ** (depth - layer) for layer, w in enumerate(network.widths, 1))


@pytest.mark.parametrize("d", [2, 3, 4, 9, 10, 20])
def test_the_neurons_of_an_estimator_are_the_subpool_maxes_of_its_plan(d: int) -> None:
    estimator = least_error(d, (0, d - 1))
    network, plan = estimator_network(estimator), divide_and_conquer(d)
    x = _whole_numbers(50, d)
    assert len(network.layers) == len(plan.layers)
    for held, layer in zip(network.neurons(x), plan.layers, strict=True):
        maxes = np.stack([x[:, list(subpool)].max(1) for subpool in layer.subpools], 1)
        np.testing.assert_array_equal(held, maxes)
    inside = np.random.default_rng(0).random((100, d))
    np.testing.assert_allclose(network(inside)[:, 0], estimator(inside), atol=1e-14)
    assert network.widths == tuple(3 * width for width in plan.widths)


def test_torch_runs_the_same_network() -> None:
    network = estimator_network(least_error(10, (0, 9)))
    module = network.to_module()
    x = np.random.default_rng(0).random((20, 10))
    with torch.no_grad():
        np.testing.assert_allclose(module(torch.from_numpy(x)).numpy(), network(x), atol=1e-15)
    kinds = [type(part).__name__ for part in module]
    assert kinds == ["Linear", "ReLU"] * 4 + ["Linear"]
    assert sum(int((p != 0).sum()) for p in module.parameters()) == network.parameters


def test_a_network_with_one_wrong_pair_is_no_max() -> None:
    network = max_network(4)
    wrong = replace(network, layers=(((0, 1), (1, 2)), *network.layers[1:]))
    x = _whole_numbers(100, 4)
    assert (wrong(x)[:, 0] != x.max(1)).any()


def test_what_has_no_network_is_refused() -> None:
    with pytest.raises(BadInput, match="n is 0"):
        max_network(0)
    with pytest.raises(BadInput, match="the plan is for subpools of 3 elements"):
        estimator_network(least_error(4, (0, 2)))
