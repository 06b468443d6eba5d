from __future__ import annotations

import math

import pytest

from poolbench.report.number_format import count, per_cent, points, probability, ratio

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
        (0.00501, "0.005"),
        (6.3e-8, "6e−8"),
        (2e-12, "2e−12"),
    ],
)
def test_p_keeps_the_digits_a_threshold_needs(p: float | None, text: str) -> None:
    assert probability(p) == text


def test_counts_have_separators_and_ratios_a_sign() -> None:
    assert count(6_173_472) == "6,173,472"
    assert count(NAN) == "–"
    assert (ratio(-0.875), ratio(1), ratio(NAN)) == ("−0.88", "+1.00", "–")
