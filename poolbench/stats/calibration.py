"""How far confidences are from the share of answers that are correct."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The calibration of one network on one test set.

    Args:
        nll: Mean negative log-likelihood of the true class, in nats.
        brier: Mean squared distance of the probabilities from the one-hot true class, in [0, 2].
        ece: Expected calibration error over 15 bins of equal width, in [0, 1].
        adaptive_ece: The same over 15 bins with as many images each.
    """

    nll: float
    brier: float
    ece: float
    adaptive_ece: float


def calibration(
    right: NDArray[np.bool_],
    confidence: NDArray[np.float32],
    nll: NDArray[np.float32],
    brier: NDArray[np.float32],
) -> Calibration:
    """Return the calibration of a network.

    Args:
        right: Whether each image is classified correctly, ``(N,)``, at least one.
        confidence: Softmax probability of the predicted class, ``(N,)``.
        nll: Negative log-likelihood of the true class, ``(N,)``.
        brier: Squared distance from the one-hot true class, ``(N,)``.

    References:
        Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks" (equal
        widths, closed above); Nguyen, O'Connor 2015, "Posterior calibration and exploratory
        analysis for natural language processing models" (equal numbers).
    """
    sure = confidence.astype(np.float64)
    by_width = np.clip(np.ceil(sure * BINS).astype(np.int64) - 1, 0, BINS - 1)
    order = np.argsort(sure, kind="stable")
    by_number = np.empty(len(order), np.int64)
    by_number[order] = np.arange(len(order)) * BINS // len(order)
    return Calibration(
        nll=float(nll.mean(dtype=np.float64)),
        brier=float(brier.mean(dtype=np.float64)),
        ece=_error(by_width, right.astype(np.float64), sure),
        adaptive_ece=_error(by_number, _shared_by_ties(right, sure), sure),
    )


def _error(
    bins: NDArray[np.int64], right: NDArray[np.float64], confidence: NDArray[np.float64]
) -> float:
    """Return the gap between accuracy and mean confidence of each bin, weighted by its images."""
    gaps = np.bincount(bins, right - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(right))


def _shared_by_ties(
    right: NDArray[np.bool_], confidence: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give images of equal confidence their mean correctness: a bin may end among them."""
    _, group = np.unique(confidence, return_inverse=True)
    shares = np.bincount(group, right) / np.bincount(group)
    return np.asarray(shares[group])
