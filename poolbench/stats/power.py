"""Power: how often a study would show a gap that is there, by simulating its very rule.

Errors are normal in counts of test images, rounded to whole images, so that values tie as real ones
do. The spread of accuracies over seeds holds the binomial noise of the test images already: each
seed errs on images of its own, and nothing is added for that. What another test set would show is
another question.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import stats

from poolbench.stats.floor import smallest_p_of
from poolbench.stats.simulated import SimulatedStudies

POWER = 0.8
_CLOSE = 0.01
LIMIT = 200
"""Most seeds that are tried."""

Claim = Literal["better", "best"]


@dataclass(frozen=True, kw_only=True)
class Design:
    """What decides on a gap, apart from the number of seeds.

    Args:
        claim: ``better``: of a pair of variants that was declared before training, the candidate is
            called better, and all others are as its baseline. ``best``: the rule leaves one variant
            alone in bold, which is better than all others by the gap; these are equal.
        variants: Number of variants, at least 2.
        rule: The rule for the bold variants.
        declared: Declared pairs, (baseline, candidate), by index.
        alpha: Significance level, in (0, 1).
        paired: Whether seeds are blocks.
        std_images: Standard deviation of a variant's correct images over seeds, above 0.
        correlation: Of two variants over shared seeds, in [0, 1); it matters if paired.
    """

    claim: Claim
    variants: int
    rule: str
    declared: tuple[tuple[int, int], ...]
    alpha: float
    paired: bool
    std_images: float
    correlation: float = 0.0

    @property
    def target(self) -> int:
        """Index of the declared pair whose candidate is better: the one with the fewest others."""
        count = [sum(name in pair for pair in self.declared) for name in range(self.variants)]
        return min(range(len(self.declared)), key=lambda index: count[self.declared[index][1]])

    @property
    def better(self) -> int:
        """Index of the variant that is better."""
        return 0 if self.claim == "best" else self.declared[self.target][1]

    @property
    def tests(self) -> int:
        """By how many tests Holm's correction divides the level."""
        if self.claim == "better":
            return len(self.declared)
        return self.variants - 1 if self.rule == "holm" else 1

    def can_show(self, seeds: int) -> bool:
        """Whether any result of so many seeds could be shown."""
        floor = smallest_p_of((seeds, seeds), paired=self.paired)
        return seeds > 1 and floor * self.tests < self.alpha


@dataclass(frozen=True, kw_only=True)
class Power:
    """A simulated power.

    Args:
        shown: Simulated studies that showed the gap.
        studies: All simulated studies.
    """

    shown: int
    studies: int

    @property
    def share(self) -> float:
        """The estimate, in [0, 1]."""
        return self.shown / self.studies

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % Monte Carlo interval (Clopper, Pearson 1934)."""
        found = stats.binomtest(self.shown, self.studies).proportion_ci(0.95)
        return float(found.low), float(found.high)


@dataclass(frozen=True, kw_only=True)
class SeedsFor:
    """How many seeds show a gap.

    Args:
        seeds: The fewest with the power wanted; ``None`` if there are none up to ``LIMIT``.
        power: The power there, or with ``LIMIT`` seeds.
    """

    seeds: int | None
    power: Power


@dataclass(frozen=True, kw_only=True)
class SmallestGap:
    """The smallest gap that a number of seeds shows.

    Args:
        images: The gap, in test images.
        power: The power there.
    """

    images: float
    power: Power


@lru_cache(maxsize=4096)
def power_of(design: Design, gap_images: float, seeds: int, *, studies: int) -> Power:
    """Simulate studies of a design, always the same ones, and count those that show the gap.

    Args:
        design: The design.
        gap_images: The gap, in test images, above 0.
        seeds: Seeds of each variant, at least 1.
        studies: Number of simulated studies.
    """
    if not design.can_show(seeds):
        return Power(shown=0, studies=studies)
    random = np.random.default_rng([studies, design.variants, seeds])
    costs = random.normal(size=(studies, design.variants, seeds))
    if design.correlation:
        shared = random.normal(size=(studies, 1, seeds))
        own = np.sqrt(1 - design.correlation)
        costs = own * costs + np.sqrt(design.correlation) * shared
    costs *= design.std_images
    costs[:, design.better] -= gap_images
    simulated = SimulatedStudies(costs=np.rint(costs), alpha=design.alpha, paired=design.paired)
    if design.claim == "best":
        alone = {str(design.better)}
        shown = sum(decision.bold == alone for decision in simulated.decisions(design.rule))
    else:
        target = design.target
        verdicts = simulated.verdicts(design.declared)
        shown = sum(verdict[target] == "better" for verdict in verdicts)
    return Power(shown=shown, studies=studies)


@lru_cache(maxsize=1024)
def seeds_for(design: Design, gap_images: float, *, studies: int) -> SeedsFor:
    """Return the fewest seeds that show a gap with 80 % power.

    Args:
        design: The design.
        gap_images: The gap, in test images, above 0.
        studies: Number of simulated studies for each number of seeds that is tried.
    """

    def suffices(seeds: int) -> bool:
        return power_of(design, gap_images, seeds, studies=studies).share >= POWER

    few, many = 1, max(2, min(LIMIT, round(_guess(design, gap_images))))
    while not suffices(many):
        if many == LIMIT:
            last = power_of(design, gap_images, LIMIT, studies=studies)
            return SeedsFor(seeds=None, power=last)
        few, many = many, min(LIMIT, many + max(2, many // 4))
    while many - few > 1:
        # From the guess downwards in small steps first: it is rarely far off.
        middle = max((few + many) // 2, many - max(1, many // 8))
        few, many = (few, middle) if suffices(middle) else (middle, many)
    return SeedsFor(seeds=many, power=power_of(design, gap_images, many, studies=studies))


@lru_cache(maxsize=1024)
def smallest_gap(design: Design, seeds: int, *, studies: int) -> SmallestGap | None:
    """Return the smallest gap that so many seeds show with 80 % power.

    Args:
        design: The design.
        seeds: Seeds of each variant.
        studies: Number of simulated studies for each gap that is tried.

    Returns:
        The gap; ``None`` if these seeds cannot show any.
    """
    huge = 1e4 * max(design.std_images, 1.0)
    if power_of(design, huge, seeds, studies=min(studies, 100)).share < POWER:
        return None
    # On the normal scale power is nearly a straight line in the gap: at no gap it is below alpha.
    aim, high = float(stats.norm.ppf(POWER + _CLOSE / 2)), np.inf
    low, z_low, z_high = 0.0, -_quantile(design), np.inf
    tried = design.std_images * np.sqrt(_guess(design, design.std_images) / seeds)
    while True:
        share = power_of(design, tried, seeds, studies=studies).share
        if POWER <= share < POWER + _CLOSE or 0 <= high - low < 0.01 * high < np.inf:
            break
        z = float(stats.norm.ppf(np.clip(share, 0.01, 0.99)))
        if share < POWER:
            low, z_low = tried, z
        else:
            high, z_high = tried, z
        if high == np.inf:
            tried *= float(np.clip((aim + _quantile(design)) / (z + _quantile(design)), 1.05, 2))
        else:
            part = np.clip((aim - z_low) / (z_high - z_low), 0.1, 0.9)
            tried = float(low + part * (high - low))
    tried = tried if share >= POWER else float(high)
    return SmallestGap(images=float(tried), power=power_of(design, tried, seeds, studies=studies))


def _guess(design: Design, gap_images: float) -> float:
    """Return the seeds that two normal samples need: where to start the search."""
    z = _quantile(design) + stats.norm.isf(1 - POWER)
    noise = 2 * (1 - design.correlation if design.paired else 1)
    return float(noise * (z * design.std_images / gap_images) ** 2 * np.pi / 3) + 1


def _quantile(design: Design) -> float:
    """Return the normal quantile that a difference must exceed, by and large."""
    return float(stats.norm.isf(design.alpha / 2 / design.tests))
