"""Distances from a curve: their sign, and how many points lie below."""

from __future__ import annotations

import math

import pytest

from poolbench.stats import distance_from

NAN = math.nan


def test_a_distance_has_a_sign_and_its_spread_is_over_the_seeds() -> None:
    found = distance_from(
        [[0.5, 0.5, 0.25, 0.25], [0.5, 0.5, 0.5, 0.5]],
        [[0.25, 0.75, 0.25, 0.0], [0.25, 0.0, 0.5, 0.25]],
    )
    # Seed by seed: -1/4 + 1/4 + 0 - 1/4 and -1/4 - 1/2 + 0 - 1/4.
    assert found.signed.mean == pytest.approx((-1 / 16 - 1 / 4) / 2)
    assert found.signed.std == pytest.approx((3 / 16) / math.sqrt(2))
    assert found.absolute == pytest.approx((0.75 + 1) / 8)
    # A point on the curve is not below it.
    assert (found.share_below, found.n) == (5 / 8, 8)


def test_a_point_that_is_none_is_in_no_mean_and_a_seed_without_points_in_no_spread() -> None:
    found = distance_from([[0.5, NAN], [NAN, 0.5]], [[0.25, 0.5], [0.5, NAN]])
    assert (found.signed.mean, found.absolute, found.share_below, found.n) == (-0.25, 0.25, 1, 1)
    assert (found.signed.n, found.signed.n_missing) == (1, 1)
    assert math.isnan(found.signed.std)
    nothing = distance_from([], [])
    assert nothing.n == 0
    assert all(map(math.isnan, (nothing.signed.mean, nothing.absolute, nothing.share_below)))
