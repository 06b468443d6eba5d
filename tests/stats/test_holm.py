from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolbench.stats import holm

P = st.floats(min_value=0, max_value=1)


@settings(deadline=None)
@given(st.lists(P, min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    # Here, since to import it takes seconds, and every test process would.
    from statsmodels.stats.multitest import multipletests

    expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(list(expected), abs=1e-12)


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
