"""Lemma 4: how much of the cube an estimator errs on."""

from __future__ import annotations

from fractions import Fraction

import pytest

from poolbench.core.errors import BadInput
from poolbench.theory.estimator import Estimator
from poolbench.theory.least_error import least_error, sets_of_orders
from poolbench.theory.volume import large_error_volume

HALF = Fraction(1, 2)


def test_two_elements_by_hand() -> None:
    # |1/4 + mean - max| = |1/4 - |x - y|/2| >= 1/8: |x - y| <= 1/4 or >= 3/4, 7/16 + 1/16.
    volume = large_error_volume(least_error(2, (0, 1)), HALF, samples=200_000, seed=0)
    assert volume.threshold == Fraction(1, 8)
    assert volume.bound == Fraction(1, 64)
    low, high = volume.interval
    assert low < 0.5 < high
    assert high - low < 0.005
    assert low < volume.estimate < high


def test_the_bound_holds_for_every_estimator_and_its_corner_is_why() -> None:
    for orders in sets_of_orders(4):
        if 0 in orders:
            for share in (Fraction(0), Fraction(1, 3), Fraction(9, 10), Fraction(1)):
                volume = large_error_volume(least_error(4, orders), share, samples=2000, seed=1)
                assert volume.interval[1] >= volume.bound
                assert volume.corner_share == 1.0


def test_an_estimator_with_another_intercept_breaks_the_corner() -> None:
    wrong = Estimator(elements=4, orders=(0, 3), coefficients=(Fraction(1, 20), Fraction(11, 10)))
    assert large_error_volume(wrong, HALF, samples=2000, seed=0).corner_share < 0.9


def test_the_seed_decides_the_points() -> None:
    hits = [
        large_error_volume(least_error(4, (0, 3)), HALF, samples=1000, seed=seed).hits
        for seed in (0, 0, 1)
    ]
    assert hits[0] == hits[1] != hits[2]


@pytest.mark.parametrize(
    ("orders", "share", "samples", "message"),
    [
        ((3,), HALF, 10, "with an intercept"),
        ((0, 3), Fraction(3, 2), 10, "share is 1.5"),
        ((0, 3), HALF, 0, "samples is 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    orders: tuple[int, ...], share: Fraction, samples: int, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        large_error_volume(least_error(4, orders), share, samples=samples, seed=0)
