"""Image by image: counts by hand, p by enumeration of all signs, and McNemar's of one seed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from poolbench.stats import image_pairs
from poolbench.stats.image_pairs import ImagePairs


def pairs(gaps: list[int], seeds: int = 5) -> ImagePairs:
    """Return pairs of variants with as many seeds each and these differences."""
    each = np.array(gaps)
    return ImagePairs(
        baseline=np.maximum(-each, 0),
        candidate=np.maximum(each, 0),
        n_baseline=seeds,
        n_candidate=seeds,
    )


def test_an_image_counts_for_the_variant_with_the_larger_share_of_seeds() -> None:
    baseline = np.array([[1, 0, 1, 1, 0], [1, 0, 0, 1, 0]], bool)
    candidate = np.array([[1, 0, 1, 0, 1], [1, 0, 0, 0, 0], [1, 0, 0, 1, 0]], bool)
    found = ImagePairs.of(baseline, candidate)
    # Shares 2/2 and 3/3, 0 and 0, 1/2 and 1/3, 2/2 and 1/3, 0 and 1/3: in sixths.
    assert found.gaps.tolist() == [0, 0, -1, -4, 2]
    assert (found.gained, found.lost, found.total) == (1, 2, 5)
    assert found.most_discordant(9).tolist() == [3, 4, 2]
    assert found.most_discordant(2).tolist() == [3, 4]
    for first, second in ((baseline, candidate[:, :3]), (baseline[:0], candidate)):
        with pytest.raises(ValueError, match="correctness of"):
            ImagePairs.of(first, second)


def test_equal_shares_of_different_numbers_of_seeds_are_no_difference() -> None:
    baseline, candidate = np.eye(3, 4, dtype=bool), np.tile(np.eye(3, 4, dtype=bool), (7, 1))
    found = ImagePairs.of(baseline, candidate)
    assert found.gaps.tolist() == [0, 0, 0, 0]
    assert (found.gained, found.lost, found.p) == (0, 0, 1.0)
    assert found.most_discordant(5).tolist() == []


@pytest.mark.parametrize(
    "gaps", [[1], [2, -1], [3, 3, 3, -1, 0], [5, -4, 2, 2, 1, -1, 3], [1, 2, 4, 5, -5, 3, 3, 2, 1]]
)
def test_p_is_that_of_all_choices_of_signs(gaps: list[int]) -> None:
    sums = [
        sum(sign * gap for sign, gap in zip(signs, gaps, strict=True))
        for signs in itertools.product((1, -1), repeat=len(gaps))
    ]
    expected = sum(abs(each) >= abs(sum(gaps)) for each in sums) / len(sums)
    assert pairs(gaps).p == pytest.approx(expected)
    assert pairs([-gap for gap in gaps]).p == pairs(gaps).p


@pytest.mark.parametrize(("gained", "lost"), [(1, 0), (3, 11), (40, 12), (200, 200), (5000, 4800)])
def test_of_one_seed_it_is_mcnemars_exact_test(gained: int, lost: int) -> None:
    first = np.repeat([False, True, True], [gained, lost, 7])[None]
    second = np.repeat([True, False, True], [gained, lost, 7])[None]
    expected = mcnemar([[7, lost], [gained, 0]], exact=True).pvalue
    assert ImagePairs.of(first, second).p == pytest.approx(expected)


@pytest.mark.parametrize("unit", [1, 3])
def test_the_normal_approximation_is_near_the_exact_p(
    unit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    gaps = unit * rng.choice(
        [-5, -3, -1, 1, 2, 4, 5], 900, p=[0.1, 0.15, 0.25, 0.25, 0.1, 0.1, 0.05]
    )
    found = ImagePairs(
        baseline=np.maximum(-gaps, 0), candidate=np.maximum(gaps, 0), n_baseline=15, n_candidate=15
    )
    exact = {}
    for limit in (10**6, 0):
        monkeypatch.setattr(image_pairs, "LARGEST_EXACT", limit)
        exact[limit] = found.p
    assert 0.001 < exact[10**6] < 0.9
    assert exact[0] == pytest.approx(exact[10**6], rel=1e-3)
    assert exact[0] != exact[10**6]
