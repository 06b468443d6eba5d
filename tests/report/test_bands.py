"""Means over seeds with their standard errors."""

from __future__ import annotations

import math

import pytest

from poolbench.report.studies.bands import curve_over_seeds, seeds_text

NAN = math.nan


def test_a_point_is_the_mean_of_the_sound_seeds_and_its_band_their_standard_error() -> None:
    curve = curve_over_seeds(
        "max", [1, 2, 3], [(1.0, 3.0), (5.0, None, NAN), (1.0, 2.0, 3.0, None)]
    )
    assert (curve.label, curve.x, curve.y) == ("max", (1, 2, 3), (2.0, 5.0, 2.0))
    # Standard deviations sqrt(2) and 1, of two seeds and of three; of one there is none.
    errors = (1.0, NAN, 1 / math.sqrt(3))
    assert curve.low == pytest.approx((1.0, NAN, 2 - errors[2]), nan_ok=True)
    assert curve.high == pytest.approx((3.0, NAN, 2 + errors[2]), nan_ok=True)


def test_single_seeds_have_no_band_and_where_nothing_is_left_is_a_gap() -> None:
    curve = curve_over_seeds("max", [1, 2], [(1.0, None), (NAN, None)])
    assert curve.y == pytest.approx((1.0, NAN), nan_ok=True)
    assert (curve.low, curve.high) == ((), ())


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([1], "n = 1 seed"),
        ([5, 5], "n = 5 seeds"),
        ([9, 10, 3, 9], "n = 3 to 10 seeds"),
        ([1, 2], "n = 1 to 2 seeds"),
    ],
)
def test_how_many_seeds_there_are_is_a_number_or_a_range(counts: list[int], words: str) -> None:
    assert seeds_text(counts) == words
