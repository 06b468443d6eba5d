"""What pairing gained, and the seeds that have no partner."""

from __future__ import annotations

import math

import numpy as np
import pytest

from poolbench.stats import compare
from poolbench.stats.pairing import pairing_of


def test_shared_noise_narrows_differences_and_opposite_noise_widens_them() -> None:
    noise = np.array([1.0, 4.0, 2.0, 7.0, 5.0])
    together = pairing_of(noise, noise + np.array([3.0, 3.0, 3.0, 3.0, 4.0]))
    assert together.correlation > 0.98
    assert together.width < 0.2
    against = pairing_of(noise, -noise)
    assert against.correlation == pytest.approx(-1)
    # Differences of opposite values vary fourfold, those of independent ones twofold.
    assert against.width == pytest.approx(math.sqrt(2))


def test_missing_and_diverged_runs_are_no_pair() -> None:
    first = np.array([1.0, 2.0, 4.0, math.nan, math.inf])
    found = pairing_of(first, np.array([2.0, 5.0, 5.0, 6.0, 7.0]))
    assert found.seeds == 3
    assert math.isnan(pairing_of(first[:2], first[:2]).correlation)


def test_seeds_without_a_partner_are_counted_in_a_paired_comparison_only() -> None:
    values = {"a": [1.0, 2.0, 3.0, None, 5.0], "b": [2.0, None, 4.0, 5.0, math.nan]}
    paired = compare(values, lower_is_better=True, baseline="a", paired=True)
    (told,) = (c.text for c in paired.caveats if c.code == "unpaired-seeds")
    assert told.startswith("2 of 5 seeds lack a run")  # a diverged run is a run, and ranks worst
    assert (paired.pair("a", "b").n_a, paired.pair("a", "b").n_b) == (3, 3)
    unpaired = compare(values, lower_is_better=True, baseline="a")
    assert not [c for c in unpaired.caveats if c.code == "unpaired-seeds"]
