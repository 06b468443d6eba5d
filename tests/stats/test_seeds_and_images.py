"""Differences over seeds and images: against the analysis of variance, and by their coverage."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from poolbench.stats.seeds_and_images import Right, difference_over_seeds_and_images
from poolbench.stats.shift import Interval, mean_difference

Generator = np.random.Generator

# Standard deviations of the effects of a seed, of an image on both variants, and on each of them,
# beside the 1 of each answer.
CASES = {
    "seeds": (0.15, 0.0, 0.0),
    "images": (0.0, 1.5, 0.7),
    "both": (0.05, 1.5, 0.7),
    "neither": (0.0, 0.0, 0.0),
}


def study(rng: Generator, n: int, images: int, case: str) -> tuple[float, Right, Right]:
    """Draw a study of two variants: the true difference, and the correctness of each.

    A network is right about an image where a normal value is positive, so that the true
    accuracies, over seeds and images, are known.
    """
    of_seeds, of_images, of_own = CASES[case]
    shared = rng.normal(0, of_images, images)
    spread = math.sqrt(1 + of_seeds**2 + of_images**2 + of_own**2)
    first, second = (
        level * spread
        + rng.normal(0, of_seeds, (n, 1))
        + (shared + rng.normal(0, of_own, images))
        + rng.normal(0, 1, (n, images))
        > 0
        for level in (1.6, 1.7)
    )
    return float(stats.norm.cdf(1.7) - stats.norm.cdf(1.6)), first, second


def pigeonhole(rng: Generator, first: Right, second: Right) -> Interval:
    """Return the percentile interval of the bootstrap that resamples seeds and images."""
    resamples, images = 500, first.shape[1]
    drawn = rng.multinomial(images, np.full(images, 1 / images), resamples) / images
    means = []
    for right in (first, second):
        n = len(right)
        weights = rng.multinomial(n, np.full(n, 1 / n), resamples) / n
        means.append((weights * (drawn @ right.T.astype(float))).sum(axis=1))
    low, high = np.quantile(means[1] - means[0], (0.025, 0.975))
    return float(low), float(high)


def mean_squares(matrix: np.ndarray) -> tuple[float, float, float]:  # type: ignore[type-arg]
    """Return the mean squares of seeds, of images and of the rest, by statsmodels."""
    seed, image = np.indices(matrix.shape)
    rows = pd.DataFrame(
        {"x": matrix.ravel().astype(float), "seed": seed.ravel(), "image": image.ravel()}
    )
    table = anova_lm(ols("x ~ C(seed) + C(image)", rows).fit())
    return tuple(table["sum_sq"] / table["df"])  # type: ignore[return-value]


def test_a_paired_interval_is_that_of_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(1)
    _, first, second = study(rng, 4, 30, "both")
    gaps = second.astype(float) - first
    seeds, images, rest = mean_squares(gaps)
    variance = (seeds + images - rest) / gaps.size
    assert variance > max(seeds, images) / gaps.size  # or the larger of them would be taken
    freedom = (seeds + images - rest) ** 2 / (seeds**2 / 3 + images**2 / 29)
    half = stats.t.isf(0.05, freedom) * math.sqrt(variance)
    found, interval = difference_over_seeds_and_images(first, second, alpha=0.1, paired=True)
    assert found == pytest.approx(gaps.mean())
    assert interval == pytest.approx((gaps.mean() - half, gaps.mean() + half))


def test_unpaired_variants_may_have_different_numbers_of_seeds() -> None:
    rng = np.random.default_rng(3)
    _, first, second = study(rng, 6, 40, "both")
    first = first[:3]
    (seeds_a, _, rest_a), (seeds_b, _, rest_b) = mean_squares(first), mean_squares(second)
    gaps = second.mean(axis=0) - first.mean(axis=0)
    parts = [seeds_a / first.size, seeds_b / second.size, gaps.var(ddof=1) / 40]
    variance = sum(parts) - rest_a / first.size - rest_b / second.size
    assert variance > max(sum(parts[:2]), parts[2])  # or the larger of them would be taken
    terms = sum(part**2 / df for part, df in zip(parts, (2, 5, 39), strict=True))
    half = stats.t.isf(0.025, variance**2 / terms) * math.sqrt(variance)
    found, interval = difference_over_seeds_and_images(first, second)
    assert found == pytest.approx(gaps.mean())
    assert interval == pytest.approx((found - half, found + half))


def test_exchanged_variants_change_the_sign_and_other_orders_nothing() -> None:
    rng = np.random.default_rng(3)
    _, first, second = study(rng, 5, 50, "both")
    found, interval = difference_over_seeds_and_images(first, second)
    assert interval is not None
    swapped = difference_over_seeds_and_images(second, first)
    assert swapped == (-found, (-interval[1], -interval[0]))
    order = rng.permutation(50)
    again = difference_over_seeds_and_images(first[::-1, order], second[:, order])
    assert again == (found, interval)


def test_equal_counts_are_no_difference_whatever_their_floats() -> None:
    # 3 of 10 and 9 of 30: the means of the rows differ by rounding.
    first = np.zeros((1, 10), bool)
    first[0, :3] = True
    second = np.zeros((3, 10), bool)
    second[0, :2], second[1, :3], second[2, :4] = True, True, True
    assert difference_over_seeds_and_images(first, second) == (0.0, None)


def test_without_seeds_images_or_variation_there_is_no_interval() -> None:
    right = np.array([[True, False, True], [True, True, False]])
    one_seed, one_image = right[:1], right[:, :1]
    assert difference_over_seeds_and_images(one_seed, right)[1] is None
    assert difference_over_seeds_and_images(one_image, ~one_image) == (-1.0, None)
    same = np.ones((3, 4), bool)
    assert difference_over_seeds_and_images(same, same) == (0.0, None)
    for first, second in ((right, right[:, :2]), (right[:0], right)):
        with pytest.raises(ValueError, match="correctness of"):
            difference_over_seeds_and_images(first, second)
    with pytest.raises(ValueError, match="cannot be paired"):
        difference_over_seeds_and_images(right, right[:1], paired=True)


def coverage(case: str, n: int, images: int, studies: int) -> dict[str, float]:
    """Return how often each interval of 95 % holds the true difference."""
    rng = np.random.default_rng([n, images, list(CASES).index(case)])
    hits = dict.fromkeys(("two-way", "paired", "seeds", "pigeonhole"), 0)
    for _ in range(studies):
        true, first, second = study(rng, n, images, case)
        intervals = {
            "two-way": difference_over_seeds_and_images(first, second)[1],
            "paired": difference_over_seeds_and_images(first, second, paired=True)[1],
            "seeds": mean_difference(first.mean(axis=1), second.mean(axis=1)),
        }
        if images <= 500:
            intervals["pigeonhole"] = pigeonhole(rng, first, second)
        for name, interval in intervals.items():
            hits[name] += interval is not None and interval[0] <= true <= interval[1]
    return {name: count / studies for name, count in hits.items() if count}


@pytest.mark.parametrize("case", CASES)
def test_a_small_simulation_is_covered(case: str) -> None:
    found = coverage(case, 4, 200, 200)
    for name in ("two-way", "paired"):
        assert found[name] >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 200)


@pytest.mark.slow
def test_coverage_is_near_its_level_where_that_of_seeds_and_of_resampling_is_not() -> None:
    studies, least = 400, {}
    error = math.sqrt(0.95 * 0.05 / studies)
    for case, n, images in itertools.product(CASES, (3, 5, 10, 30), (500, 10_000)):
        found = least[case, n, images] = coverage(case, n, images, studies)
        told = ", ".join(f"{name} {share:.3f}" for name, share in found.items())
        print(f"{case:8} {n:2} seeds {images:6,} images: {told}")  # noqa: T201 - the figures, with -s
        for name in ("two-way", "paired"):
            assert found[name] >= 0.95 - 4 * error, (case, n, images, name)
            # Conservative where seeds are few and neither they nor images matter.
            assert found[name] <= (0.99 if n > 3 else 0.9975), (case, n, images, name)
    assert least["images", 30, 10_000]["seeds"] < 0.65
    assert least["both", 30, 10_000]["seeds"] < 0.9
    assert least["seeds", 3, 500]["pigeonhole"] < 0.94
    assert least["neither", 10, 500]["pigeonhole"] > 0.985
