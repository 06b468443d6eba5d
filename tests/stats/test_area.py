from __future__ import annotations

import math
from fractions import Fraction

import pytest

from poolbench.stats.area import area_under_curve, last_epsilon


def test_the_area_of_a_straight_line_is_its_middle_on_any_grid() -> None:
    at = (0.0, 0.1, 0.7, 1.0, 2.0)
    assert area_under_curve(at, [1 - 0.3 * x for x in at]) == pytest.approx(0.7)
    assert area_under_curve((16, 32), (0.4, 0.8)) == pytest.approx(0.6)


def test_sizes_count_by_their_logarithm() -> None:
    at, values = (16, 32, 128), (0.0, 1.0, 1.0)
    assert area_under_curve(at, values, is_log2=True) == pytest.approx((0.5 + 2.0) / 3)
    assert area_under_curve(at, values) == pytest.approx((8 + 96) / 112)


def test_an_area_over_part_of_a_curve_is_none() -> None:
    assert area_under_curve((0, 1, 2), (0.5, None, 0.5)) is None
    assert area_under_curve((1,), (0.5,)) is None
    assert area_under_curve((), ()) is None


def test_a_diverged_run_has_a_diverged_area() -> None:
    area = area_under_curve((0, 1), (0.5, math.nan))
    assert area is not None
    assert math.isnan(area)
    assert area_under_curve((0, 1), (None, math.nan)) is None


def test_equal_areas_of_counts_over_epsilons_are_equal_floats() -> None:
    at = [0.0, 1 / 255, 4 / 255, 16 / 255]
    # Of 300 images; the first and the last curve have one area.
    heights = [[299, 287, 131, 17], [299, 288, 131, 17], [299, 287 + 15, 131 - 4, 17]]
    areas = [area_under_curve(at, [height / 300 for height in row]) for row in heights]
    twice_255 = [
        (row[0] + row[1]) * 1 + (row[1] + row[2]) * 3 + (row[2] + row[3]) * 12 for row in heights
    ]
    assert twice_255[0] == twice_255[2]
    assert areas == [float(Fraction(total, 2 * 16 * 300)) for total in twice_255]


@pytest.mark.parametrize(
    ("norm", "low", "high", "values", "last"),
    [
        ("inf", 0.0, 1.0, None, 0.5),
        ("inf", 0.25, 0.75, 784, 0.25),
        ("2", 0.0, 1.0, 784, 14.0),
        ("2", 0.0, 1.0, 3072, 27.712812921102035),
        ("2", 0.25, 0.75, 784, 7.0),
        ("2", 0.0, 1.0, None, math.inf),
        ("", 0.0, 1.0, 784, math.inf),
    ],
)
def test_an_attack_ends_at_half_the_diagonal_of_the_box_of_images(
    norm: str, low: float, high: float, values: int | None, last: float
) -> None:
    assert last_epsilon(norm, low=low, high=high, values=values) == last
