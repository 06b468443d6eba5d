"""What a suite can ask of the theory: one dataclass per subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Orders = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class OptimalErrorSettings:
    """Least errors of subpool maxes against a max.

    Args:
        d: Elements of the window, each at least 2.
        orders: Sets of orders; empty for all sets of each d.
        published: The source's errors, by d and ascending orders.
    """

    d: tuple[int, ...]
    orders: tuple[Orders, ...] = ()
    published: Mapping[tuple[int, Orders], float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """The subpools that divide and conquer computes.

    Args:
        d: Elements of the window, at least 2.
        published: The source's number of subpools of each layer, pairs first; empty for none.
    """

    d: int
    published: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RegionsSettings:
    """Bounds on the linear regions of the networks for a window.

    Args:
        d: Elements of the window, at least 2.
        published: The source's bound for the estimator of orders 0 and d - 1, if it gives one.
        widths: Hidden widths of one more network with d inputs; empty for none.
    """

    d: int
    published: int | None = None
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SmoothMaximumSettings:
    """LSE and LAE against the max.

    Args:
        t: Temperatures, in the units of the elements, ascending, above 0.
        n: Elements per window, ascending, at least 1.
        offsets: Added to a window of four elements to show where arithmetic overflows.
        samples: Random windows for each n.
        seed: Seed of the windows.
    """

    t: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0, 100.0)
    n: tuple[int, ...] = (2, 4, 9, 49, 1024)
    offsets: tuple[float, ...] = (-1000.0, -100.0, -20.0, 0.0, 20.0, 100.0, 1000.0)
    samples: int = 1000
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class LimitsSettings:
    """LAE as its temperature falls to 0 and rises without end.

    Args:
        n: Elements per window, each at least 2.
        low: Low temperatures, in the units of the elements, ascending, at least three.
        high: High temperatures, in the same way.
        samples: Random windows for each n and seed.
        seeds: Number of seeds, each of its own windows.
    """

    n: tuple[int, ...] = (2, 4, 9, 49)
    low: tuple[float, ...] = (1e-5, 3e-5, 1e-4, 3e-4)
    high: tuple[float, ...] = (30.0, 100.0, 300.0, 1000.0)
    samples: int = 1000
    seeds: int = 5


@dataclass(frozen=True, kw_only=True)
class MeanSimilaritySettings:
    """The similarity of average-pooled Gaussian images, as a ratio of means and a mean of ratios.

    Args:
        image_sizes: Sides of the images, in pixels, ascending.
        kernel_sizes: Sides of the filters, odd: one for all images, or one for each.
        pairs: Pairs of images at each size.
        seed: Seed of the images.
    """

    image_sizes: tuple[int, ...] = (9, 17, 25, 33)
    kernel_sizes: tuple[int, ...] = (3,)
    pairs: int = 20
    seed: int = 0


Theorem = Literal[1, 3, 5, 6]

THEOREMS: tuple[Theorem, ...] = (1, 3, 5, 6)
"""Theorems on max pooling that have a numerical demonstration; Lemma 7 is with theorem 6."""


@dataclass(frozen=True, kw_only=True)
class TheoremsSettings:
    """Numerical demonstrations of theorems on max pooling.

    Args:
        d: Elements of the window, each at least 2; up to 6 for theorem 5, and to 9 for theorem 6.
        numbers: Theorems, of :data:`THEOREMS`.
    """

    d: tuple[int, ...] = (2, 3, 4, 5, 6)
    numbers: tuple[int, ...] = THEOREMS


@dataclass(frozen=True, kw_only=True)
class TheorySettings:
    """What ``poolbench theory run`` computes: the subjects that are not ``None``."""

    optimal_error: OptimalErrorSettings | None = None
    plan: PlanSettings | None = None
    regions: RegionsSettings | None = None
    lse: SmoothMaximumSettings | None = None
    limits: LimitsSettings | None = None
    mean_similarity: MeanSimilaritySettings | None = None
    theorems: TheoremsSettings | None = None
