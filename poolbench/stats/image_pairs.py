"""Two variants image by image: by which of them more seeds get each one right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from poolbench.stats.seeds_and_images import Right

LARGEST_EXACT = 4_000
"""Largest sum of differences with an exact p; beyond, the normal approximation is close enough."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ImagePairs:
    """How often each test image is classified correctly by the seeds of two variants.

    Args:
        baseline: Number of the baseline's seeds that get each image right, int64 ``(N,)``.
        candidate: Of the candidate's, likewise.
        n_baseline: Number of the baseline's seeds, at least 1.
        n_candidate: Of the candidate's, at least 1.
    """

    baseline: NDArray[np.int64]
    candidate: NDArray[np.int64]
    n_baseline: int
    n_candidate: int

    @classmethod
    def of(cls, baseline: Right, candidate: Right) -> ImagePairs:
        """Count the seeds that get each image right.

        Args:
            baseline: Of the baseline, ``(n1, N)``.
            candidate: Of the candidate, ``(n2, N)``, on the same images in the same order.

        Raises:
            ValueError: There are no rows, or the images differ in number.
        """
        if not len(baseline) or not len(candidate) or baseline.shape[1:] != candidate.shape[1:]:
            raise ValueError(f"correctness of {baseline.shape} and {candidate.shape}")
        return cls(
            baseline=baseline.sum(axis=0, dtype=np.int64),
            candidate=candidate.sum(axis=0, dtype=np.int64),
            n_baseline=len(baseline),
            n_candidate=len(candidate),
        )

    @property
    def gaps(self) -> NDArray[np.int64]:
        """Share of the candidate's seeds minus share of the baseline's, in the smallest whole unit.

        With as many seeds of each, the difference of their numbers; ``(N,)``.
        """
        shared = math.gcd(self.n_baseline, self.n_candidate)
        return (self.candidate * self.n_baseline - self.baseline * self.n_candidate) // shared

    @property
    def gained(self) -> int:
        """Images that a larger share of the candidate's seeds gets right."""
        return int(np.count_nonzero(self.gaps > 0))

    @property
    def lost(self) -> int:
        """Images that a larger share of the baseline's seeds gets right."""
        return int(np.count_nonzero(self.gaps < 0))

    @property
    def total(self) -> int:
        """Number of images."""
        return len(self.baseline)

    @property
    def p(self) -> float:
        """Two-sided p of the sign-flip test over images; 1 if no image tells the variants apart.

        What is paired are the two shares of seeds that get an image right. If neither variant were
        better on images like these, each difference of shares would be as likely to point the
        other way, so every choice of their signs is equally likely; the statistic is their sum. Of
        one seed each, this is McNemar's exact test. It speaks of the networks at hand on other
        images, not of networks trained anew: pooling (image, seed) pairs, as if the seeds saw
        other images each, would be no test of either.

        References:
            Fisher 1935, "The Design of Experiments", section 21; McNemar 1947.
        """
        gaps = self.gaps[self.gaps != 0]
        sizes, counts = np.unique(np.abs(gaps), return_counts=True)
        total, won = int(np.abs(gaps).sum()), int(gaps[gaps > 0].sum())
        if not total:
            return 1.0
        least = min(won, total - won)
        if len(sizes) == 1:
            return min(1.0, 2 * float(stats.binom.cdf(least // int(sizes[0]), counts[0], 0.5)))
        if total > LARGEST_EXACT:
            # The sums are as far apart as the common unit of the differences is large.
            unit = int(np.gcd.reduce(sizes))
            excess = max(0, total - 2 * least - unit)
            return 2 * float(stats.norm.sf(excess / math.sqrt(int(np.dot(gaps, gaps)))))
        chances = np.ones(1)
        for size, count in zip(sizes, counts, strict=True):
            spaced = np.zeros(size * count + 1)
            spaced[::size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
            chances = np.convolve(chances, spaced)
        return min(1.0, 2 * float(chances[: least + 1].sum()))

    def most_discordant(self, count: int) -> NDArray[np.int64]:
        """Return the indices of the images with the largest gaps, at most so many.

        Images on which the variants agree are never among them; of equal gaps the first image
        comes first.
        """
        sizes = np.abs(self.gaps)
        order = np.argsort(-sizes, kind="stable")[:count]
        return order[sizes[order] > 0]
