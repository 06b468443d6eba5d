"""Two networks on the same images: which answers changed, and whether that is more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest


@dataclass(frozen=True, kw_only=True)
class ChangedAnswers:
    """What changed between two networks on the same images.

    Args:
        gained: Images that only the second one classifies correctly.
        lost: Images that only the first one classifies correctly.
        total: Number of images.
    """

    gained: int
    lost: int
    total: int

    @property
    def p(self) -> float:
        """Two-sided p of McNemar's exact test: a changed answer is as likely won as lost.

        1 if none changed. It speaks of these two networks and images like these, not of networks
        trained anew.

        References:
            McNemar 1947, Note on the sampling error of the difference between correlated
            proportions; the exact, binomial form.
        """
        changed = self.gained + self.lost
        return float(binomtest(self.gained, changed).pvalue) if changed else 1.0


def changed_answers(
    first: NDArray[np.int32], second: NDArray[np.int32], label: NDArray[np.int32]
) -> ChangedAnswers:
    """Count the answers that changed.

    Args:
        first: Predicted classes ``(N,)`` of one network.
        second: Of the other, on the same images in the same order.
        label: True classes ``(N,)``.

    Raises:
        ValueError: The lengths differ.
    """
    if not first.shape == second.shape == label.shape:
        raise ValueError(f"predictions of {first.shape}, {second.shape}, labels of {label.shape}")
    before, after = first == label, second == label
    return ChangedAnswers(
        gained=int((after & ~before).sum()), lost=int((before & ~after).sum()), total=len(label)
    )
