"""Variants compared on test images that all their networks answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from poolbench.stats.holm import holm
from poolbench.stats.image_pairs import ImagePairs
from poolbench.stats.seeds_and_images import Right, difference_over_seeds_and_images
from poolbench.stats.shift import Interval


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What the networks of a variant answer to the test images.

    Args:
        seeds: Their seeds.
        predicted: Predicted classes, int32 ``(seeds, N)``.
        label: True classes, int32 ``(N,)``.
    """

    seeds: tuple[int, ...]
    predicted: NDArray[np.int32]
    label: NDArray[np.int32]

    @cached_property
    def right(self) -> Right:
        """Whether each answer is correct, ``(seeds, N)``."""
        return self.predicted == self.label

    def of(self, seeds: Sequence[int]) -> Answers:
        """Return the answers of some of the seeds, in that order."""
        rows = [self.seeds.index(seed) for seed in seeds]
        return Answers(seeds=tuple(seeds), predicted=self.predicted[rows], label=self.label)


@dataclass(frozen=True, kw_only=True, eq=False)
class AnswersCompared:
    """A candidate ``b`` against a baseline ``a`` over seeds and images, and image by image.

    Args:
        a: The baseline.
        b: The candidate.
        why_not: Why they cannot be compared; empty if they can. Nothing below is known then.
        difference: Mean of the metric, ``b - a``, a fraction.
        interval: Its interval over seeds and images; ``None`` if there is none.
        images: The images one by one; ``None`` if they cannot be compared.
        p: Two-sided p of the test over images.
        p_adjusted: p after Holm's correction over the family.
        family_size: Comparisons in the family, tested or not.
    """

    a: str
    b: str
    why_not: str = ""
    difference: float | None = None
    interval: Interval | None = None
    images: ImagePairs | None = None
    p: float | None = None
    p_adjusted: float | None = None
    family_size: int = 0


def compare_answers(
    names: Sequence[tuple[str, str]],
    answers: Mapping[str, Answers],
    *,
    lower_is_better: bool,
    alpha: float,
    paired: bool = False,
) -> tuple[AnswersCompared, ...]:
    """Compare a family of pairs on the images that both were tested on.

    Args:
        names: ``(baseline, candidate)`` of each pair; together they are one family.
        answers: Of each variant that has any.
        lower_is_better: Whether the metric is the error rather than the accuracy.
        alpha: One minus the confidence of each interval, in (0, 1).
        paired: Whether seeds are blocks; only those that both variants have are then compared.

    Returns:
        One comparison for each name, in order.
    """
    made = [
        _compared(a, b, answers, sign=-1 if lower_is_better else 1, alpha=alpha, paired=paired)
        for a, b in names
    ]
    adjusted = holm([each.p for each in made])
    return tuple(
        replace(each, p_adjusted=p, family_size=len(names))
        for each, p in zip(made, adjusted, strict=True)
    )


def _compared(
    a: str, b: str, answers: Mapping[str, Answers], *, sign: int, alpha: float, paired: bool
) -> AnswersCompared:
    if missing := [name for name in (a, b) if name not in answers]:
        return AnswersCompared(
            a=a, b=b, why_not=f"no predictions of {' or '.join(missing)} are stored"
        )
    first, second = answers[a], answers[b]
    if not np.array_equal(first.label, second.label):
        sizes = len(first.label), len(second.label)
        told = f"{sizes[0]:,} and {sizes[1]:,}" if len({*sizes}) > 1 else "labels differ"
        return AnswersCompared(a=a, b=b, why_not=f"they were tested on other images ({told})")
    if paired:
        shared = [seed for seed in first.seeds if seed in second.seeds]
        if not shared:
            return AnswersCompared(a=a, b=b, why_not="they share no seed")
        first, second = first.of(shared), second.of(shared)
    before, after = first.right, second.right
    difference, interval = difference_over_seeds_and_images(
        before, after, alpha=alpha, paired=paired
    )
    if interval is not None and sign < 0:
        interval = (-interval[1], -interval[0])
    images = ImagePairs.of(before, after)
    return AnswersCompared(
        a=a,
        b=b,
        difference=sign * difference,
        interval=interval,
        images=images,
        p=images.p,
    )
