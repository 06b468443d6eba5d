"""The bound on linear regions: where it is exact, and never below what is counted."""

from __future__ import annotations

from itertools import product
from math import comb, prod

import numpy as np
import pytest

from poolbench.core.errors import BadInput
from poolbench.theory.regions import region_bound


def _by_definition(inputs: int, widths: tuple[int, ...]) -> int:
    """Sum over the set J as Serra et al. 2018 write it."""
    total = 0
    for j in product(*(range(width + 1) for width in widths)):
        caps = [
            min(inputs, *(n - k for n, k in zip(widths[:layer], j[:layer], strict=True)), width)
            if layer
            else min(inputs, width)
            for layer, width in enumerate(widths)
        ]
        if all(k <= cap for k, cap in zip(j, caps, strict=True)):
            total += prod(comb(n, k) for n, k in zip(widths, j, strict=True))
    return total


@pytest.mark.parametrize(
    ("inputs", "widths"), [(2, (3,)), (3, (4, 2)), (2, (1, 5, 3)), (9, (4, 6, 2)), (1, (7, 7))]
)
def test_the_bound_is_the_sum_over_all_of_j(inputs: int, widths: tuple[int, ...]) -> None:
    assert region_bound(inputs, widths) == _by_definition(inputs, widths)


def test_one_layer_has_the_regions_of_hyperplanes_in_general_position() -> None:
    assert region_bound(2, (4,)) == 1 + 4 + 6
    assert region_bound(5, (3,)) == 2**3
    assert region_bound(3, ()) == 1


def test_no_random_network_has_more_regions_on_a_line_than_the_bound() -> None:
    rng = np.random.default_rng(0)
    for widths in ((3,), (3, 3), (2, 4, 2)):
        most = 0
        for _ in range(20):
            h, patterns = np.linspace(-30, 30, 20_001)[:, None], []
            for width in widths:
                h = h @ rng.normal(size=(h.shape[1], width)) + rng.normal(size=width)
                patterns.append(h > 0)
                h = np.maximum(h, 0)
            pattern = np.concatenate(patterns, 1)
            most = max(most, 1 + int((pattern[1:] != pattern[:-1]).any(1).sum()))
        assert 2 <= most <= region_bound(1, widths)


def test_a_layer_without_neurons_is_refused() -> None:
    with pytest.raises(BadInput, match="a layer of 0 neurons"):
        region_bound(3, (4, 0))
