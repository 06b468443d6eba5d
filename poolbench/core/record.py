"""The stored results of a run, as readers of the store see them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from poolbench.core.cell import Cell
from poolbench.core.document import Count, Finite, Positive, Seconds, Share
from poolbench.core.sites import PoolCall
from poolbench.core.study import Metric

Status = Literal["ok", "diverged"]


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One stored epoch of training; interruptions do not change its bytes.

    Args:
        epoch: From 1.
        loss: Mean training loss over the epoch's images; ``None`` when it was not finite.
        lr: Learning rate at the epoch's last step.
        validation_accuracy: Fraction in [0, 1]; ``None`` without a validation split.
        pooling: Mean of each learned pooling parameter, by ``site.parameter``: temperatures in
            the unit of the activations, mixing weights and gates as stored.
    """

    epoch: Positive
    loss: Finite | None
    lr: Finite
    validation_accuracy: Share | None
    pooling: Mapping[str, Finite]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long an epoch took on the machine that ran it; may differ between identical runs.

    Args:
        epoch: From 1.
        duration_s: Time of the training steps alone, in seconds.
        images: Training images processed in that time.
    """

    epoch: Positive
    duration_s: Seconds
    images: Count


@dataclass(frozen=True, kw_only=True)
class PooledMaps:
    """The maps that reach a site.

    Args:
        maps: (C, H, W) of each, in pixels, in the order of the network.
        keeps_single: Whether each is one element, which the operator keeps, but for rounding.
    """

    maps: tuple[tuple[Positive, Positive, Positive], ...]
    keeps_single: bool = False

    @classmethod
    def of_calls(cls, calls: Sequence[PoolCall], *, keeps_single: bool = False) -> PooledMaps:
        """Return the maps of the pools that a network requests for a site."""
        maps = tuple((call["channels"], *call["grid"]) for call in calls)
        return cls(maps=maps, keeps_single=keeps_single)

    @property
    def is_single(self) -> bool:
        """Whether each map is one element, so that there is nothing to pool."""
        return all(height == width == 1 for _, height, width in self.maps)

    def __str__(self) -> str:
        counts = Counter(self.maps)
        return ", ".join(
            "x".join(map(str, shape)) + (f" ({count})" if count > 1 else "")
            for shape, count in counts.items()
        )


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of a cell.

    Args:
        status: ``ok``, or ``diverged`` when the loss stopped being finite.
        correct: Test images classified correctly; 0 when diverged.
        total: Number of test images.
        test_loss: Mean cross-entropy on the test split; ``None`` when diverged.
        parameters: Parameters of the network, frozen ones too.
        epochs: Epochs completed.
        detail: Why it diverged; empty otherwise.
        classes: Number of classes, of which the accuracy of a guess is one part; ``None`` in runs
            of a version that did not note it, of data that do not tell it either.
        pooled: What reaches each site that has an operator of the suite; ``None`` if not known, as
            in runs of older versions.
    """

    status: Status
    correct: Count
    total: Positive
    test_loss: Finite | None
    parameters: Count
    epochs: Count
    detail: str = ""
    classes: Positive | None = None
    pooled: Mapping[str, PooledMaps] | None = None

    def __post_init__(self) -> None:
        if self.correct > self.total:
            raise ValueError(f"{self.correct} of {self.total} test images are correct")

    @property
    def accuracy(self) -> float:
        """Fraction of the test images classified correctly; NaN when diverged."""
        return self.value("accuracy")

    def value(self, metric: Metric) -> float:
        """Return the accuracy or the error, a fraction; NaN when diverged.

        Either is one division of counts, so that equal fractions are equal floats:
        1 - 0.9 is not 20 / 200.
        """
        if self.status != "ok":
            return math.nan
        counted = self.correct if metric == "accuracy" else self.total - self.correct
        return counted / self.total


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished cell in the store.

    Args:
        cell: The cell; its label is the one it was first trained under.
        result: Its outcome.
        network: SHA-256 of the stored weights; ``None`` when training diverged.
        history: One entry per epoch.
        timings: One entry per epoch, on the machine that ran it.
        environment: Machine and versions of the last attempt.
        size_bytes: Size of its files, without measurements.
        predictions: SHA-256 of the stored predictions, labels and probabilities of every test
            image; ``None`` when training diverged.
    """

    cell: Cell
    result: Result
    network: str | None
    history: tuple[Epoch, ...]
    timings: tuple[Timing, ...]
    environment: Mapping[str, Any]
    size_bytes: int
    predictions: str | None = None

    @property
    def duration_s(self) -> float:
        """Training time over all epochs, in seconds."""
        return sum(timing.duration_s for timing in self.timings)

    @property
    def images_per_s(self) -> float:
        """Training throughput over all epochs; NaN when none was timed."""
        images = sum(timing.images for timing in self.timings)
        return images / self.duration_s if self.duration_s else float("nan")
