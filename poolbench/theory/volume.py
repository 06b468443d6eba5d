"""The volume of the set on which an estimator has a large error (Lemma 4)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from poolbench.core.errors import BadInput
from poolbench.theory.estimator import Estimator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHUNK = 100_000


@dataclass(frozen=True, kw_only=True)
class Volume:
    """The part of the unit cube where the error is at least c.

    Args:
        threshold: c.
        samples: Number of uniform random points.
        hits: Number of points with an error of at least c.
        interval: Exact 95 % interval of the volume (Clopper-Pearson).
        bound: Lemma 4's lower bound, ``(e - c)^d``.
        corner_share: Fraction of as many points in the corner ``[0, e - c]^d`` with such an error;
            1 confirms the argument of the lemma.
    """

    threshold: Fraction
    samples: int
    hits: int
    interval: tuple[float, float]
    bound: Fraction
    corner_share: float

    @property
    def estimate(self) -> float:
        """The fraction of points with such an error."""
        return self.hits / self.samples


def large_error_volume(estimator: Estimator, share: Fraction, *, samples: int, seed: int) -> Volume:
    """Measure the set where ``|estimate - max| >= c`` by Monte Carlo, with its lower bound.

    At the origin the estimate is the intercept, which for an optimal estimator is its largest
    error e; it is nowhere less. So wherever max(x) <= e - c the error is c or more, and that corner
    has the volume (e - c)^d.

    Args:
        estimator: An optimal estimator with the intercept among its orders.
        share: c as a fraction of e, in [0, 1].
        samples: Number of points, at least 1.
        seed: Seed of the points.

    Raises:
        BadInput: The estimator has no intercept, or the share or the number is invalid.

    References:
        Lemma 4 of "The Theoretical Expressiveness of Maxpooling".
    """
    import numpy as np
    from scipy.stats import binomtest

    if 0 not in estimator.orders:
        raise BadInput(
            f"orders are {list(estimator.orders)}: the bound is for estimators with an intercept",
            "add 0: --orders 0,3",
        )
    if not 0 <= share <= 1:
        raise BadInput(f"share is {float(share):g}", "choose shares of the largest error, 0 to 1")
    if samples < 1:
        raise BadInput(f"samples is {samples}", "draw at least one point: --samples 100000")
    threshold = share * estimator.largest_error
    edge = estimator.largest_error - threshold
    rng = np.random.default_rng(seed)
    hits = corner_hits = 0
    for start in range(0, samples, _CHUNK):
        points = rng.random((min(_CHUNK, samples - start), estimator.elements))
        hits += _count(estimator, points, threshold)
        corner_hits += _count(estimator, float(edge) * points, threshold)
    interval = binomtest(hits, samples).proportion_ci(0.95, method="exact")
    return Volume(
        threshold=threshold,
        samples=samples,
        hits=hits,
        interval=(float(interval.low), float(interval.high)),
        bound=edge**estimator.elements,
        corner_share=corner_hits / samples,
    )


def _count(estimator: Estimator, points: NDArray[np.float64], threshold: Fraction) -> int:
    """Return the number of points with an error of at least the threshold."""
    errors = abs(estimator(points) - points.max(-1))
    # Rounding must not decide if the error equals the threshold, as it does in a corner.
    return int((errors >= float(threshold) - 1e-12).sum())
