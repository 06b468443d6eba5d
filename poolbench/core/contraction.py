"""Angle contraction: what a suite asks for, and what one untrained network showed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from poolbench.core.document import Seconds, read_as
from poolbench.core.named import Named
from poolbench.core.plugin_source import as_identity

PLACES = ("inputs", "features")
"""Where similarities are measured, other than after an operator."""

BatchNorm = Literal["batch", "running"]


@dataclass(frozen=True, kw_only=True)
class PairSource:
    """Images that random pairs are drawn from, and their preprocessing.

    Args:
        label: For people.
        source: The data set.
        is_centred: Whether each channel is normalised to mean 0 and standard deviation 1 over the
            training images; otherwise pixels are in [0, 1].
        shift: Added to every value after that.
        published: Mean cosine similarity in the source, by position: ``inputs``, ``features``, or
            the label of an operator.
        incomparable: Why these are no yardstick here: what was changed; empty if they are one.
    """

    label: str
    source: Named
    is_centred: bool = True
    shift: float = 0.0
    published: Mapping[str, float] = field(default_factory=dict)
    incomparable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A size that is varied while everything else stays the same.

    Args:
        over: ``pool_size``, the elements per pool of ``shallow-fcn``, whose number of pools is
            fixed; or ``image_size``, the side of the images in pixels.
        values: Ascending, at least three.
        kernel_sizes: Side of the convolution at each value; empty for no change.
    """

    over: Literal["pool_size", "image_size"]
    values: tuple[int, ...]
    kernel_sizes: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContractionSettings:
    """What ``poolbench contraction`` measures: every network on every data set, for every seed.

    Args:
        networks: Networks by label.
        data: What pairs are drawn from.
        pools: Operators by label; all pool the same features.
        pairs: Random pairs of different images, for each seed.
        seeds: Seeds; each draws its own weights and pairs.
        batch_norm: Statistics of batch normalisation: those of the ``batch``, as in the first
            step of training, or the ``running`` ones, which are still the identity.
        sweep: A size to vary, if any.
        accuracy_of: A suite whose trained networks are compared: its path relative to this
            suite's, or empty.
        published_accuracy: Test accuracies in the source, as fractions, by network; they are of
            networks that end with average pooling.
    """

    networks: Mapping[str, Named]
    data: tuple[PairSource, ...]
    pools: Mapping[str, Named]
    pairs: int
    seeds: tuple[int, ...]
    batch_norm: BatchNorm = "batch"
    sweep: Sweep | None = None
    accuracy_of: str = ""
    published_accuracy: Mapping[str, float] = field(default_factory=dict)

    @property
    def network_count(self) -> int:
        """How many untrained networks are measured: one a seed, each on one data set."""
        sizes = len(self.sweep.values) if self.sweep else 1
        return len(self.networks) * len(self.data) * sizes * len(self.seeds)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One network, one seed, one source of pairs: what determines one finding.

    Args:
        network: The network with all its options.
        source: The data set with all its options.
        checksum: Checksum of the data set's content.
        is_centred: See :class:`PairSource`.
        shift: See :class:`PairSource`.
        pools: The operators.
        pairs: Number of pairs.
        seed: Seed of weights and pairs.
        batch_norm: See :class:`ContractionSettings`.
        revision: Revision of the measurement itself; raised by hand when its results change.
    """

    network: Named
    source: Named
    checksum: str
    is_centred: bool
    shift: float
    pools: tuple[Named, ...]
    pairs: int
    seed: int
    batch_norm: BatchNorm
    revision: int

    @property
    def key(self) -> str:
        """A hash of all fields, 16 hex digits: the same key means the same numbers."""
        text = json.dumps(as_identity(self), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Similarities:
    """Cosine similarities of the pairs of one setup, one value per pair, each in [-1, 1].

    Args:
        inputs: Similarities of the images as the network receives them.
        features: Similarities of the maps that its head pools.
        pooled: Similarities after each operator, in the setup's order.
        duration_s: Time for drawing, forward passes and pooling, in seconds.
    """

    inputs: tuple[float, ...]
    features: tuple[float, ...]
    pooled: tuple[tuple[float, ...], ...]
    duration_s: float

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document that :func:`read_similarities` reads back; NaN is null."""
        rows = (self.inputs, self.features, *self.pooled)
        return {
            "similarities": [[None if math.isnan(v) else v for v in row] for row in rows],
            "duration_s": self.duration_s,
        }


@dataclass(frozen=True, kw_only=True)
class _StoredSimilarities:
    similarities: tuple[tuple[Annotated[float, Ge(-1), Le(1)] | None, ...], ...]
    duration_s: Seconds

    def __post_init__(self) -> None:
        if len(self.similarities) < 2 or len(set(map(len, self.similarities))) != 1:
            raise ValueError("similarities of inputs and features, and as many of each pool")


def read_similarities(data: bytes | str) -> Similarities:
    """Read similarities back from :meth:`Similarities.to_json`.

    Raises:
        Damaged: They are not what was written.
    """
    stored = read_as(_StoredSimilarities, data)
    inputs, features, *pooled = (
        tuple(math.nan if value is None else value for value in row) for row in stored.similarities
    )
    return Similarities(
        inputs=inputs, features=features, pooled=tuple(pooled), duration_s=stored.duration_s
    )


@dataclass(frozen=True, kw_only=True)
class Observed:
    """One network on one source of pairs: the results of every seed.

    Args:
        network: Its label.
        source: What the pairs are drawn from.
        size: Value of the sweep; ``None`` without one.
        seeds: One entry per seed, in order; empty if the data are missing.
        missing: Why there are no results; empty if there are.
    """

    network: str
    source: PairSource
    size: int | None
    seeds: tuple[Similarities, ...]
    missing: str = ""


def arccosine_kernel(similarity: float) -> float:
    """Return the cosine similarity after one wide random layer of ReLUs.

    ``r(rho) = (sqrt(1 - rho^2) + (pi - arccos rho) rho) / pi``

    Args:
        similarity: rho, the similarity of its inputs, in [-1, 1].

    References:
        Cho, Saul 2009, Kernel methods for deep learning.

    >>> [round(arccosine_kernel(rho), 4) for rho in (-1.0, 0.0, 0.5, 1.0)]
    [0.0, 0.3183, 0.609, 1.0]
    """
    angle = math.acos(similarity)
    return (math.sin(angle) + (math.pi - angle) * similarity) / math.pi
