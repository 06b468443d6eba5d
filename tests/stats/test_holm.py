from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolbench.stats import holm

P = st.floats(min_value=0, max_value=1)


@given(st.lists(P, min_size=1, max_size=8))
def test_holm_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    # A hypothesis is rejected if every intersection with it is, each by Bonferroni's test.
    size = len(p_values)
    expected = [0.0] * size
    for members in chain.from_iterable(
        combinations(range(size), count) for count in range(1, size + 1)
    ):
        p = min(1.0, len(members) * min(p_values[member] for member in members))
        for member in members:
            expected[member] = max(expected[member], p)
    assert holm(p_values) == pytest.approx(expected, abs=1e-12)


@given(st.lists(P, min_size=1, max_size=8), st.integers(0, 8))
def test_a_comparison_without_a_test_stays_without_and_counts_as_one_that_shows_nothing(
    p_values: list[float], position: int
) -> None:
    position = min(position, len(p_values))
    with_gap: list[float | None] = [*p_values[:position], None, *p_values[position:]]
    adjusted = holm(with_gap)
    assert adjusted.pop(position) is None
    assert adjusted == holm([*p_values, 1.0])[:-1]


def test_nothing_to_correct_is_nothing_corrected() -> None:
    assert holm([]) == []
    assert holm([None, None]) == [None, None]
