"""What a suite can ask of the theory: one dataclass per subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
class TheorySettings:
    """What ``poolbench theory run`` computes: the subjects that are not ``None``."""

    optimal_error: OptimalErrorSettings | None = None
    plan: PlanSettings | None = None
    regions: RegionsSettings | None = None
    lse: SmoothMaximumSettings | None = None
