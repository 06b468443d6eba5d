"""Theorem 4.4's ratio of means: exact over filters, and another number than the mean of ratios."""

from __future__ import annotations

import numpy as np
import pytest

from poolbench.core.errors import BadInput
from poolbench.core.theory import MeanSimilaritySettings
from poolbench.theory.mean_similarity import (
    counted_bound,
    mean_similarities,
    patches,
    pooled_product,
    printed_bound,
)


def settings(**given: object) -> MeanSimilaritySettings:
    asked: dict[str, object] = {"image_sizes": (5,), "kernel_sizes": (3,), "pairs": 3}
    return MeanSimilaritySettings(**(asked | given))  # type: ignore[arg-type]


def test_products_of_pooled_features_are_those_of_many_filters() -> None:
    rng = np.random.default_rng(0)
    x, y = (patches(rng.standard_normal((5, 5)), 3) for _ in range(2))
    filters = rng.standard_normal((9, 100_000))
    pooled = [np.maximum(each @ filters, 0).mean(0) for each in (x, y)]
    for first, second in ((0, 1), (0, 0)):
        drawn = pooled[first] * pooled[second]
        error = drawn.std() / len(drawn) ** 0.5
        assert abs(pooled_product((x, y)[first], (x, y)[second]) - drawn.mean()) < 4 * error


def test_a_patch_is_centred_on_its_pixel_with_zeros_around_the_image() -> None:
    image = np.arange(1.0, 10).reshape(3, 3)
    around = patches(image, 3)
    assert around.shape == (9, 9)
    assert around[4].tolist() == list(range(1, 10))
    assert around[0].tolist() == [0, 0, 0, 0, 1, 2, 0, 4, 5]


def test_one_pair_is_its_own_mean_and_several_are_not() -> None:
    (alone,) = mean_similarities(settings(pairs=1))
    assert alone.ratio_of_means == pytest.approx(alone.similarities[0], rel=1e-12)
    (found,) = mean_similarities(settings(pairs=4))
    rng = np.random.default_rng(0)
    sums = np.zeros(3)
    for rho in found.similarities:
        x, y = (patches(rng.standard_normal((5, 5)), 3) for _ in range(2))
        xy, xx, yy = pooled_product(x, y), pooled_product(x, x), pooled_product(y, y)
        assert rho == pytest.approx(xy / (xx * yy) ** 0.5)
        sums += (xy, xx, yy)
    assert found.ratio_of_means == pytest.approx(sums[0] / (sums[1] * sums[2]) ** 0.5)
    assert abs(found.ratio_of_means - np.mean(found.similarities)) > 1e-4


def test_the_bound_with_every_patch_counted_holds_and_the_printed_one_cannot() -> None:
    for found in mean_similarities(settings(image_sizes=(9, 15), kernel_sizes=(3, 5), pairs=5)):
        assert found.bound < found.ratio_of_means < 1 < found.printed
    # With k = d^(1/2) what is left to 1 falls as 1/d, for k fixed as its square.
    grown = [(1 - counted_bound(k * k, k)) * k * k for k in (31, 61, 121)]
    assert grown == pytest.approx([grown[-1]] * 3, rel=0.05)
    fixed = [(1 - counted_bound(d, 3)) * d**2 for d in (500, 1000)]
    assert fixed[0] == pytest.approx(fixed[1], rel=0.01)
    printed = [printed_bound(d, k) for d in (9, 50, 500) for k in (1, 3, 5, 9)]
    assert not any(0 <= bound <= 1 for bound in printed)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pairs": 0}, "pairs is 0"),
        ({"image_sizes": (1,)}, "d is 1"),
        ({"image_sizes": (130,)}, "d is 130"),
        ({"kernel_sizes": (2,)}, "the kernel size is 2 for images of 5 pixels"),
        ({"kernel_sizes": (7,)}, "the kernel size is 7"),
        ({"kernel_sizes": (3, 3)}, "2 kernel sizes for 1 image sizes"),
    ],
)
def test_sizes_that_fit_no_image_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput) as refused:
        mean_similarities(settings(**given))
    assert message in refused.value.message
    assert "--" in refused.value.hint
