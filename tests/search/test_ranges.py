"""Ranges around a start, and what is drawn from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolbench.search.api import BadSearch
from poolbench.search.ranges import read_ranges, spans_at
from tests.search.driven import search


@pytest.mark.parametrize(
    ("item", "value", "words"),
    [
        ("lr 0.1..1", 0.05, "lr is 0.05 at the start, outside its range"),
        ("lr x10", 1e40, "lr is 1e+40 at the start; a factor needs lr from 1e-30 to 1e+30"),
        ("lr x10", 0.0, "lr is 0 at the start, which no factor can be applied to"),
        ("1-lr x10", 1.0, "lr is 1 at the start, which no factor can be applied to"),
    ],
)
def test_a_start_outside_its_range_is_told(item: str, value: float, words: str) -> None:
    found = search("shrinking-random", ranges=(item,))
    with pytest.raises(BadSearch) as caught:
        found.check({"optimizer.lr": value})
    assert (caught.value.message, caught.value.index) == (words, 0)


def test_a_factor_on_one_minus_an_option_ends_where_the_option_is_0() -> None:
    (span,) = spans_at(read_ranges(["1-momentum x10"]), {"optimizer.momentum": 0.5}).values()
    assert (span.at(0.0), span.at(1.0)) == (0.95, 0.0)


@given(share=st.floats(0, 1), ends=st.sampled_from(["0.12345671..0.2 log", "0.1..0.12345671"]))
def test_a_draw_stays_inside_its_range_when_it_is_rounded(share: float, ends: str) -> None:
    (span,) = spans_at(read_ranges([f"lr {ends}"]), {"optimizer.lr": 0.12345671}).values()
    assert float(span.low) <= span.at(share) <= float(span.high)
