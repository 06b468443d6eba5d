from __future__ import annotations

import math

import pytest
from scipy import stats

from poolbench.stats import estimate
from poolbench.stats.binomial import binomial_error
from poolbench.stats.estimate import constant_value


@pytest.mark.parametrize(("share", "images"), [(0.5, 200), (0.9, 500), (0.0, 7), (1.0, 7)])
def test_the_binomial_error_is_the_spread_of_a_share_of_images(share: float, images: int) -> None:
    expected = stats.binom(images, share).std() / images
    assert binomial_error(share, images) == pytest.approx(expected)


def test_no_share_has_no_binomial_error() -> None:
    assert math.isnan(binomial_error(estimate([None]).mean, 200))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5, 5], 5), ([None, 5], 5), ([5, 6], math.nan), ([None], math.nan), ([], math.nan)],
)
def test_the_one_value_of_all_runs_is_none_where_they_disagree(
    values: list[float | None], expected: float
) -> None:
    assert constant_value(values) == pytest.approx(expected, nan_ok=True)
