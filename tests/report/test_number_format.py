from __future__ import annotations

import math
from fractions import Fraction

import pytest

from poolbench.report.cells import decimal, fraction, whole
from poolbench.report.number_format import (
    byte_size,
    count,
    duration,
    fixed,
    per_cent,
    points,
    probability,
    ratio,
)

NAN, INF = math.nan, math.inf


def test_a_fraction_is_shown_in_per_cent_with_its_spread() -> None:
    assert per_cent(0.95018, 0.0015) == "95.02 ± 0.15"
    assert per_cent(0.95018) == "95.02"
    assert per_cent(NAN) == "–"


@pytest.mark.parametrize(
    ("fraction", "interval", "text"),
    [
        (0.0062, (0.0041, 0.0083), "+0.62 [+0.41, +0.83]"),
        (-0.0015, (-0.0038, 0.0008), "−0.15 [−0.38, +0.08]"),
        (-0.00001, None, "0.00"),
        (0.01, (-INF, INF), "+1.00 [−∞, +∞]"),
        (NAN, None, "–"),
        (INF, None, "+∞"),
        (-INF, None, "−∞"),
    ],
)
def test_a_difference_has_its_sign_and_interval(
    fraction: float, interval: tuple[float, float] | None, text: str
) -> None:
    assert points(fraction, interval) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (None, "–"),
        (1.0, "1.00"),
        (0.3701, "0.37"),
        (0.04964, "0.0496"),
        (0.05, "0.05"),
        (0.01496, "0.015"),
        (0.0149, "0.0149"),
        (0.00501, "0.005"),
        (6.3e-8, "6e−8"),
        (2e-12, "2e−12"),
        (NAN, "–"),
        (0.1, "0.10"),
        (0.0996, "0.0996"),
        (0.01, "0.01"),
        (0.00996, "0.01"),
        (0.001, "0.001"),
        (0.00094, "9e−4"),
        (0.0, "< 1e−300"),
    ],
)
def test_p_keeps_the_digits_a_threshold_needs(p: float | None, text: str) -> None:
    assert probability(p) == text


def test_counts_have_separators_and_ratios_a_sign() -> None:
    assert count(6_173_472) == "6,173,472"
    assert count(NAN) == "–"
    assert (ratio(-0.875), ratio(1), ratio(NAN)) == ("−0.88", "+1.00", "–")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "unknown"),
        (0.04, "0.0 s"),
        (89.0, "89.0 s"),
        (90.0, "1.5 min"),
        (5399.0, "90.0 min"),
        (5400.0, "1.5 h"),
        (129_599.0, "36.0 h"),
        (129_600.0, "1.5 d"),
    ],
)
def test_a_time_is_shown_in_the_largest_unit_of_which_there_are_one_and_a_half(
    seconds: float | None, text: str
) -> None:
    assert duration(seconds) == text


def test_bytes_are_counted_in_thousands() -> None:
    assert (byte_size(None), byte_size(999.6), byte_size(3_200_000)) == (
        "unknown", "1.0 kB", "3.2 MB",
    )  # fmt: skip


def test_cells_keep_their_numbers_and_show_them_with_separators_digits_and_a_minus() -> None:
    assert (whole(1_234_567).values, whole(1_234_567).text) == ((1_234_567,), "1,234,567")
    assert (decimal(-0.5).values, decimal(-0.5).text) == ((-0.5,), "−0.5")
    assert decimal(2 / 3).text == "0.666667"
    short, long = fraction(Fraction(-1, 999_999)), fraction(Fraction(1, 1_000_000))
    assert (short.values, short.text) == ((-1 / 999_999, "-1/999999"), "−1/999999")
    assert (long.values, long.text) == ((1e-6, "1/1000000"), "1e−06")


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [
        (-0.001, "", "0.00"), (-0.0, "", "0.00"), (0.001, "+", "0.00"), (-0.001, "+", "0.00"),
        (-0.125, "", "−0.12"), (0.126, "", "0.13"), (0.126, "+", "+0.13"),
        (-1234.5, "", "−1234.50"), (-INF, "", "−inf"),
    ],
)  # fmt: skip
def test_what_rounds_to_zero_has_no_sign(value: float, sign: str, text: str) -> None:
    assert fixed(value, 2, sign=sign) == text
    assert ratio(-0.001) == "0.00"
