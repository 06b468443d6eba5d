"""Calibration against values by hand and against the definition, bin by bin."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from poolbench.stats.calibration import BINS, Calibration, calibration

ZERO = np.zeros(1, np.float32)


def of(right: list[bool], confidence: list[float]) -> Calibration:
    zeros = np.zeros(len(right), np.float32)
    return calibration(np.array(right), np.array(confidence, np.float32), zeros, zeros)


def test_likelihood_and_distance_are_means_over_images() -> None:
    nll, brier = np.array([0.5, 1.0, 3.0], np.float32), np.array([0.25, 0.5, 2.0], np.float32)
    found = calibration(np.ones(3, bool), np.ones(3, np.float32), nll, brier)
    assert (found.nll, found.brier) == (1.5, pytest.approx(2.75 / 3))
    assert (found.ece, found.adaptive_ece) == (0, 0)


def test_a_bin_weighs_as_much_as_its_images_and_errors_in_it_cancel() -> None:
    # In one bin, [14/15, 1]: 3 of 4 right at 0.95 on average; alone in another: wrong at 0.5.
    found = of([True, True, True, False, False], [0.94, 0.96, 0.95, 0.95, 0.5])
    assert found.ece == pytest.approx((4 * 0.2 + 0.5) / 5, rel=1e-5)
    # Fewer images than bins: each is alone, but for the ties, which share their correctness.
    gaps = 0.06 + 0.04 + 2 * 0.45 + 0.5
    assert found.adaptive_ece == pytest.approx(gaps / 5, rel=1e-5)


def test_it_is_the_definition_whatever_the_order_of_ties() -> None:
    rng = np.random.default_rng(0)
    confidence = np.round(rng.uniform(0.1, 1, 3000), 2).astype(np.float32)
    # Well calibrated, so that the gaps of bins have either sign and other bins another sum.
    right = rng.random(3000) < confidence
    found = calibration(right, confidence, ZERO, ZERO)
    edges = np.linspace(0, 1, BINS + 1)
    expected = 0.0
    for low, high in itertools.pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gap = right[inside].mean() - confidence[inside].mean(dtype=np.float64)
            expected += inside.mean() * abs(gap)
    assert found.ece == pytest.approx(expected, rel=1e-6)
    assert found.ece > 0.005
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(3000)
        again = calibration(right[order], confidence[order], ZERO, ZERO)
        assert again.adaptive_ece == pytest.approx(found.adaptive_ece, rel=1e-12)
    assert found.adaptive_ece == pytest.approx(found.ece, abs=0.02)


def test_bins_of_equal_numbers_tell_what_one_wide_bin_hides() -> None:
    # All in one bin of equal width: 320 images too modest, 280 too sure. 40 are in each other bin.
    confidence = np.repeat([0.941, 0.999], [320, 280]).tolist()
    found = of(np.repeat([True, False], [586, 14]).tolist(), confidence)
    modest, sure = 320 * 0.059, 280 * (0.999 - 0.95)
    assert found.ece == pytest.approx((modest - sure) / 600, rel=1e-3)
    assert found.adaptive_ece == pytest.approx((modest + sure) / 600, rel=1e-3)
