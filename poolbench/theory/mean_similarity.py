"""Theorem 4.4: the mean similarity C of average pooling on Gaussian images, beside the mean of rho.

C is a ratio of means, ``E[A_x A_y] / sqrt(E[A_x^2] E[A_y^2])`` over filters and images; what a
network shows is a mean of ratios, the mean over pairs of images of their cosine similarity. Over
Gaussian filters both expectations are sums of the arccosine kernel over pairs of patches, so
nothing is drawn but the images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poolbench.core.errors import BadInput
from poolbench.core.theory import MeanSimilaritySettings

Array = NDArray[np.float64]

_ROWS_AT_ONCE = 512
LARGEST_SIDE = 129


@dataclass(frozen=True, kw_only=True)
class MeanSimilarity:
    """Average-pooled features of infinitely many random filters with side k, on d x d images.

    Args:
        image_size: d, in pixels.
        kernel_size: k, in pixels.
        ratio_of_means: C over the pairs of images.
        similarities: rho of each pair; their mean is the mean of ratios.
        printed: Lower bound of C as printed, equation (31), which is above 1 or below 0.
        bound: The bound of the same proof with every patch counted.
    """

    image_size: int
    kernel_size: int
    ratio_of_means: float
    similarities: tuple[float, ...]
    printed: float
    bound: float


def mean_similarities(settings: MeanSimilaritySettings) -> tuple[MeanSimilarity, ...]:
    """Calculate both means at every size.

    Args:
        settings: Sizes of images and filters, number of pairs, seed.

    Raises:
        BadInput: A size is out of range, a filter is even or larger than its image, or there are
            neither one nor as many filters as images.

    References:
        Theorem 4.4 and appendix E of "Contraction property of pooling layer".
    """
    sizes, kernels = settings.image_sizes, settings.kernel_sizes
    if settings.pairs < 1:
        raise BadInput(f"pairs is {settings.pairs}", "draw at least one pair: --pairs 20")
    if len(kernels) not in (1, len(sizes)):
        raise BadInput(
            f"{len(kernels)} kernel sizes for {len(sizes)} image sizes",
            "give one for all, or one for each: --d 9,25,49 --kernel-size 3,5,7",
        )
    kernels = kernels * len(sizes) if len(kernels) == 1 else kernels
    for d, k in zip(sizes, kernels, strict=True):
        if not 2 <= d <= LARGEST_SIDE:
            raise BadInput(f"d is {d}", f"choose images of 2 to {LARGEST_SIDE} pixels: --d 9,17")
        if not (1 <= k <= d and k % 2):
            raise BadInput(
                f"the kernel size is {k} for images of {d} pixels",
                "choose odd ones up to the image's side: --kernel-size 3",
            )
    return tuple(
        _mean_similarity(d, k, settings.pairs, np.random.default_rng(settings.seed))
        for d, k in zip(sizes, kernels, strict=True)
    )


def _mean_similarity(d: int, k: int, pairs: int, rng: np.random.Generator) -> MeanSimilarity:
    products, first_squares, second_squares = [], [], []
    for _ in range(pairs):
        x, y = (patches(rng.standard_normal((d, d)), k) for _ in range(2))
        products.append(pooled_product(x, y))
        first_squares.append(pooled_product(x, x))
        second_squares.append(pooled_product(y, y))
    means = [float(np.mean(each)) for each in (products, first_squares, second_squares)]
    similarities = np.array(products) / np.sqrt(np.multiply(first_squares, second_squares))
    return MeanSimilarity(
        image_size=d,
        kernel_size=k,
        ratio_of_means=means[0] / math.sqrt(means[1] * means[2]),
        similarities=tuple(similarities.tolist()),
        printed=printed_bound(d, k),
        bound=counted_bound(d, k),
    )


def patches(image: Array, k: int) -> Array:
    """Return the patch around every pixel, with zeros outside the image: ``(d^2, k^2)``.

    Args:
        image: ``(d, d)``.
        k: Side of the patches, odd.
    """
    around = np.pad(image, k // 2)
    views = np.lib.stride_tricks.sliding_window_view(around, (k, k))
    return views.reshape(image.size, k * k)


def pooled_product(first: Array, second: Array) -> float:
    """Return ``E[A_x A_y]`` over standard normal filters.

    For one filter w, ``E[relu(w a) relu(w b)] = |a| |b| r(rho) / 2`` with the arccosine kernel r of
    the patches' cosine similarity.

    Args:
        first: Patches of the first image, ``(n, k^2)``.
        second: Patches of the second image, in the same shape.
    """
    lengths = [np.linalg.norm(each, axis=1) for each in (first, second)]
    total = 0.0
    for start in range(0, len(first), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        scale = np.outer(lengths[0][rows], lengths[1])
        rho = np.divide(first[rows] @ second.T, scale, out=np.zeros_like(scale), where=scale > 0)
        angle = np.arccos(np.clip(rho, -1, 1))
        rise = np.sqrt(np.maximum(1 - rho**2, 0))
        total += float((scale * (rise + (np.pi - angle) * rho)).sum())
    return total / (2 * np.pi * len(first) * len(second))


def printed_bound(d: int, k: int) -> float:
    """Return the lower bound of equation (31), with its constants as printed.

    ``d^4 w / (2 k^4 d^2 + (d^2 - 9 k^2) d^2 w)``, where w is the mean product of two independent
    patches. It leaves out ``9 k^2`` patches as dependent, more than there are, of a sum that has to
    be bounded from above; so it is above 1 for every d and k, or below 0 where d is not much above
    k.

    Args:
        d: Side of the images, in pixels.
        k: Side of the filters, in pixels.
    """
    weight = _independent_product(k)
    return d**2 * weight / (2 * k**4 + (d**2 - 9 * k**2) * weight)


def counted_bound(d: int, k: int) -> float:
    """Return the lower bound of the same proof, with every patch counted.

    ``1 / (1 + (2k - 1)^2 k^2 / (d^2 w))``: at most ``(2k - 1)^2`` patches share a pixel with a
    given one, the mean product with each of them is at most ``k^2``, and the other ones are at most
    all ``d^2``. For k fixed ``1 - C`` falls as ``1/d^2``, for ``k = d^(1/2)`` as ``1/d``.

    Args:
        d: Side of the images, in pixels.
        k: Side of the filters, in pixels.
    """
    return 1 / (1 + (2 * k - 1) ** 2 * k**2 / (d**2 * _independent_product(k)))


def _independent_product(k: int) -> float:
    """Return ``L s^2``: mean kernel of two directions, times the squared mean length of a patch."""
    n = k * k
    length = math.sqrt(2) * math.exp(math.lgamma((n + 1) / 2) - math.lgamma(n / 2))
    return _mean_kernel(n) * length**2


def _mean_kernel(n: int) -> float:
    """Return the mean arccosine kernel of two random directions in n dimensions."""
    if n == 1:
        return 0.5  # equal or opposite
    # The angle has the density sin^(n - 2).
    angle = np.linspace(0, np.pi, 20_001)
    density = np.sin(angle) ** (n - 2)
    kernel = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
    return float((density * kernel).sum() / density.sum())
