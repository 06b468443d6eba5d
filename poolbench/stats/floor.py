"""The smallest p a design can reach, known before any result."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

# The logarithm of what floats round to zero: half the smallest of them, and some room.
_LOG_OF_ZERO = math.log(math.ulp(0.0)) - 10


def smallest_p(*sizes: int) -> float:
    """Return the smallest p of a rank test of independent samples.

    For two samples it is ``2 / C(n1 + n2, n1)``, both orders of perfect separation among all
    arrangements of the ranks; for more, every order of samples of equal size counts. Samples of
    unequal sizes may count once: with ties within each sample, only one order is as extreme.

    Args:
        sizes: Number of runs in each of at least two samples.

    Returns:
        A lower bound of p in [0, 1]: 1 if a sample is empty, 0 where the bound is below all floats.
    """
    if min(sizes) < 1:
        return 1.0
    # Factorials of thousands of runs take seconds to divide, only to end as zero.
    counts = Counter(sizes).values()
    logarithm = sum(math.lgamma(n + 1) for n in (*sizes, *counts)) - math.lgamma(sum(sizes) + 1)
    if logarithm < _LOG_OF_ZERO:
        return 0.0
    arrangements = math.factorial(sum(sizes)) // math.prod(math.factorial(n) for n in sizes)
    orders = math.prod(math.factorial(count) for count in counts)
    return (2 if len(sizes) == 2 else orders) / arrangements


def smallest_p_paired(seeds: int, variants: int = 2) -> float:
    """Return the smallest p of a rank test with seeds as blocks: ``k! / (k!)^n``, or ``2 / 2^n``.

    Args:
        seeds: Number n of blocks that every variant has.
        variants: Number k of variants, at least 2.
    """
    return 1 / math.factorial(variants) ** max(0, seeds - 1)


def smallest_p_of(sizes: Sequence[int], *, paired: bool) -> float:
    """Return the smallest p of a rank test of samples that are independent, or paired.

    Args:
        sizes: Number of runs in each of at least two samples; the fewest are the blocks of paired
            ones.
        paired: Whether seeds are blocks.
    """
    return smallest_p_paired(min(sizes), len(sizes)) if paired else smallest_p(*sizes)


def seeds_needed(alpha: float, comparisons: int = 1, *, paired: bool = False) -> int:
    """Return the fewest seeds per variant with which a pair can differ significantly.

    Args:
        alpha: Significance level of the family, in (0, 1).
        comparisons: Number m of pairs in Holm's correction, at least 1.
        paired: Whether seeds are blocks.

    Returns:
        The smallest n with ``m * floor(n) < alpha``; it says nothing about power.
    """
    seeds = 2
    while comparisons * smallest_p_of((seeds, seeds), paired=paired) >= alpha:
        seeds += 1
    return seeds


def floor_message(sizes: Sequence[int], alpha: float, comparisons: int, *, paired: bool) -> str:
    """Return the message that a pair cannot differ significantly, and how many seeds it needs.

    Args:
        sizes: Seeds of the two variants.
        alpha: Significance level of the family.
        comparisons: Pairs in the family.
        paired: Whether seeds are blocks.

    Returns:
        One sentence for people.
    """
    floor = smallest_p_of(sizes, paired=paired)
    needed = seeds_needed(alpha, comparisons, paired=paired)
    design = f"{min(sizes)} paired seeds" if paired else f"{sizes[0]} seeds vs {sizes[1]}"
    reach = (
        "no test exists for a single seed"
        if min(sizes) < 2
        else f"{design}: the smallest possible p is {floor:.3g}"
    )
    family = f"{comparisons} comparisons" if comparisons > 1 else "1 comparison"
    return (
        f"{reach}, so no pair can differ at alpha = {alpha:g} over {family}; "
        f"this needs {needed} seeds each"
    )
