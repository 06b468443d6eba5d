"""The difference of two variants over other seeds and other test images at once.

An interval over the seeds alone speaks of the test images at hand. Of others, drawn from where
these came from, it can cover half of what it says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from poolbench.stats.shift import Interval

Right = NDArray[np.bool_]
"""Whether the network of each seed classifies each image correctly, ``(seeds, images)``."""


def difference_over_seeds_and_images(
    baseline: Right, candidate: Right, *, alpha: float = 0.05, paired: bool = False
) -> tuple[float, Interval | None]:
    """Estimate by how much the mean accuracy differs, with seeds and images both drawn anew.

    With ``V_s`` the squared standard error over seeds, ``V_i`` that over images, and ``V_r`` that
    of what neither explains, the variance of the difference is ``V_s + V_i - V_r``, as the first
    two both contain the third; but no less than the larger of the two. The interval is Student's,
    with Satterthwaite's degrees of freedom.

    Args:
        baseline: Of the baseline, ``(n1, N)``.
        candidate: Of the candidate, ``(n2, N)``, on the same images in the same order.
        alpha: One minus the confidence, in (0, 1).
        paired: Whether seeds are blocks: the same rows are then of the same seeds.

    Returns:
        The difference ``candidate - baseline``, a fraction in [-1, 1], and its interval; ``None``
        if a variant has one seed, there is one image, or nothing varies.

    Raises:
        ValueError: There are no rows, or images, or paired seeds, differ in number.

    Numerics:
        Sums are of whole numbers, so only the last divisions are rounded.

    References:
        Searle, Casella, McCulloch 1992, "Variance components": crossed random effects, where this
        is ``(MS_s + MS_i - MS_r) / (n N)``. Satterthwaite 1946, and Hillis 2007 on readers and
        cases: the degrees of freedom. Owen 2007, "The pigeonhole bootstrap", resamples seeds and
        images instead, which counts ``V_r`` three times.
    """
    if not len(baseline) or not len(candidate) or baseline.shape[1:] != candidate.shape[1:]:
        raise ValueError(f"correctness of {baseline.shape} and {candidate.shape}")
    if paired and len(baseline) != len(candidate):
        raise ValueError(f"{len(baseline)} and {len(candidate)} seeds cannot be paired")
    images = baseline.shape[1]
    # Differences by image are in units of 1 / scale.
    if paired:
        samples = [_Sample.of(candidate.astype(np.int8) - baseline.astype(np.int8))]
        by_image, scale = samples[0].by_image, len(candidate)
    else:
        samples = [_Sample.of(candidate), _Sample.of(baseline)]
        by_image = samples[0].by_image * len(baseline) - samples[1].by_image * len(candidate)
        scale = len(candidate) * len(baseline)
    difference = int(by_image.sum()) / (scale * images)
    if images < 2 or any(sample.seeds < 2 for sample in samples):
        return difference, None
    of_seeds = [sample.of_seeds for sample in samples]
    of_images = _spread(by_image) / (images - 1) / images / scale**2
    of_the_rest = sum(sample.of_the_rest for sample in samples)
    variance = max(sum(of_seeds) + of_images - of_the_rest, sum(of_seeds), of_images)
    if not variance:
        return difference, None
    terms = [v**2 / (sample.seeds - 1) for v, sample in zip(of_seeds, samples, strict=True)]
    freedom = variance**2 / (sum(terms) + of_images**2 / (images - 1))
    half = float(stats.t.isf(alpha / 2, freedom)) * math.sqrt(variance)
    return difference, (difference - half, difference + half)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sample:
    """Counts of one matrix of 0, 1 or -1, ``(seeds, images)``: over each seed, over each image."""

    by_seed: NDArray[np.int64]
    by_image: NDArray[np.int64]
    squares: int

    @classmethod
    def of(cls, matrix: NDArray[Any]) -> _Sample:
        return cls(
            by_seed=matrix.sum(axis=1, dtype=np.int64),
            by_image=matrix.sum(axis=0, dtype=np.int64),
            squares=int(np.count_nonzero(matrix)),
        )

    @property
    def seeds(self) -> int:
        return len(self.by_seed)

    @property
    def of_seeds(self) -> float:
        """Squared standard error of the mean over seeds."""
        images = len(self.by_image)
        return _spread(self.by_seed) / (self.seeds - 1) / self.seeds / images**2

    @property
    def of_the_rest(self) -> float:
        """Squared standard error of the mean from what is due to neither seed nor image alone."""
        n, images = self.seeds, len(self.by_image)
        cells = n * images
        seeds = n * int(np.dot(self.by_seed, self.by_seed))
        each = images * int(np.dot(self.by_image, self.by_image))
        total = int(self.by_seed.sum())
        residual = (cells * self.squares - seeds - each + total**2) / cells
        return residual / ((n - 1) * (images - 1)) / cells


def _spread(counts: NDArray[np.int64]) -> float:
    """Return the sum of squared deviations from the mean."""
    n, total = len(counts), int(counts.sum())
    return (n * int(np.dot(counts, counts)) - total**2) / n
