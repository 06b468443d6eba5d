"""Theorem 4's plan: figure 2, and the maxes it computes."""

from __future__ import annotations

from itertools import combinations

import pytest

from poolbench.core.errors import BadInput
from poolbench.theory.plan import divide_and_conquer

# Figure 2 of "The Theoretical Expressiveness of Maxpooling", d = 10: the second panel.
FIGURE_2 = """\
0 1 2 | 2 3 4 | 4 5 6 | 6 7 8
0 1 2 | 2 3 4 | 4 5 6 | 6 7 9
0 1 2 | 2 3 4 | 4 5 6 | 6 8 9
0 1 2 | 2 3 4 | 4 5 7 | 7 8 9
0 1 2 | 2 3 4 | 4 6 7 | 7 8 9
0 1 2 | 2 3 5 | 5 6 7 | 7 8 9
0 1 2 | 2 4 5 | 5 6 7 | 7 8 9
0 1 3 | 3 4 5 | 5 6 7 | 7 8 9
0 2 3 | 3 4 5 | 5 6 7 | 7 8 9
1 2 3 | 3 4 5 | 5 6 7 | 7 8 9"""


def test_ten_elements_need_17_16_12_and_10_subpools() -> None:
    plan = divide_and_conquer(10)
    assert plan.widths == (17, 16, 12, 10)
    assert [layer.size for layer in plan.layers] == [2, 3, 5, 9]
    shown = [" | ".join(" ".join(map(str, p)) for p in row) for row in plan.pieces(1)]
    assert shown == FIGURE_2.splitlines()


@pytest.mark.parametrize("d", [2, 3, 4, 7, 9, 12, 23, 64])
def test_every_subpool_is_the_union_of_its_parents_and_the_last_ones_lack_one(d: int) -> None:
    plan = divide_and_conquer(d)
    below = [(i,) for i in range(d)]
    for layer in plan.layers:
        assert len(set(layer.subpools)) == len(layer.subpools)
        for subpool, (left, right) in zip(layer.subpools, layer.parents, strict=True):
            assert set(subpool) == {*below[left], *below[right]}
        below = list(layer.subpools)
    assert below == list(combinations(range(d), d - 1))
    assert all(width < 2 * d for width in plan.widths)
    assert len(plan.layers) == (d - 2).bit_length()


@pytest.mark.parametrize("halvings", [1, 2, 3, 4])
def test_a_power_of_two_and_one_needs_the_widths_of_the_theorem(halvings: int) -> None:
    d = 2**halvings + 1
    sizes = [2**k for k in range(1, halvings + 1)]
    widths = [2**halvings // size * (size + 1) for size in sizes]
    assert divide_and_conquer(d).widths == tuple(widths)


def test_a_number_of_elements_that_cannot_be_meant_is_refused() -> None:
    for d in (1, 257):
        with pytest.raises(BadInput, match=f"d is {d}"):
            divide_and_conquer(d)
