"""How large the set is on which an estimator errs by much (Lemma 4)."""

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
        samples: Uniform points that were drawn.
        hits: Those with an error of at least c.
        interval: Exact 95 % interval of the volume (Clopper-Pearson).
        bound: Lemma 4's lower bound, ``(e - c)^d``.
        corner_share: Share of as many points of the corner ``[0, e - c]^d`` with such an error: 1
            says that the bound holds for the reason the lemma gives.
    """

    threshold: Fraction
    samples: int
    hits: int
    interval: tuple[float, float]
    bound: Fraction
    corner_share: float

    @property
    def estimate(self) -> float:
        """The share of the points that were hit."""
        return self.hits / self.samples


def large_error_volume(estimator: Estimator, share: Fraction, *, samples: int, seed: int) -> Volume:
    """Measure the set where ``|estimate - max| >= c`` by Monte Carlo, beside its lower bound.

    At the origin the estimate is the intercept, which for an optimal estimator is its largest
    error e; it is nowhere less. So wherever max(x) <= e - c it errs by c or more, and that corner
    has the volume (e - c)^d.

    Args:
        estimator: An optimal one with the intercept among its orders.
        share: c as a share of e, in [0, 1].
        samples: Points, from 1.
        seed: Of the points.

    Raises:
        BadInput: The estimator has no intercept, or the share or the number cannot be meant.

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
    """Return at how many points the error is at least the threshold."""
    errors = abs(estimator(points) - points.max(-1))
    # Rounding must not decide where the error is the threshold itself, as it is in a corner.
    return int((errors >= float(threshold) - 1e-12).sum())
