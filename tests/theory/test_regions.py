"""The bound on linear regions: where it is exact, and never below what is counted."""

from __future__ import annotations

from itertools import product
from math import comb, prod

import numpy as np
import pytest

from poolbench.core.errors import BadInput
from poolbench.core.theory import RegionsSettings
from poolbench.theory.regions import all_orders_widths, bounded_networks, region_bound


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


def test_all_orders_need_every_subpool_and_a_layer_for_each_doubling() -> None:
    # Subsets of at most 2 of 3 elements; of at most 2, 4 and 8 of 9.
    assert all_orders_widths(3) == (6,)
    assert all_orders_widths(9) == (9 + 36, 9 + 36 + 84 + 126, 2**9 - 2)
    assert all_orders_widths(2) == ()


def test_the_number_of_section_4_allows_fewer_combinations_than_theorem_1() -> None:
    def at_most(n: int, most: int) -> int:
        return sum(comb(n, inactive) for inactive in range(most + 1))

    networks = bounded_networks(RegionsSettings(d=9, published=819_906_560))
    bounds = {network.widths: network.bound for network in networks}
    assert at_most(12, 6) * at_most(10, 5) * at_most(9, 9) == 819_906_560
    assert bounds[12, 10, 9] == 1_111_887_033
    assert bounds[45, 255, 510] > bounds[12, 10, 9]
