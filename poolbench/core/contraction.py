"""Angle contraction: what a suite asks for, and what one freshly initialised network showed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from poolbench.core.cell import Named

PLACES = ("inputs", "features")
"""Where similarities are taken besides behind an operator."""

BatchNorm = Literal["batch", "running"]


@dataclass(frozen=True, kw_only=True)
class PairSource:
    """Images that random pairs are drawn from, and what is done to them first.

    Args:
        label: For people.
        source: The data set.
        is_centred: Whether each channel is brought to mean 0 and standard deviation 1 over the
            training images; else pixels are in [0, 1].
        shift: Added to every value after that.
        published: Mean cosine similarity in the source, by place: ``inputs``, ``features``, or
            the label of an operator.
    """

    label: str
    source: Named
    is_centred: bool = True
    shift: float = 0.0
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A size that is varied while everything else stays.

    Args:
        over: ``pool_size``, elements of a pool of ``shallow-fcn``, whose number of pools stays;
            or ``image_size``, side of the images in pixels.
        values: Ascending, at least three.
        kernel_sizes: Side of the convolution at each value; empty leaves it alone.
    """

    over: Literal["pool_size", "image_size"]
    values: tuple[int, ...]
    kernel_sizes: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContractionSettings:
    """What ``poolbench contraction`` measures: every network on every data set, for every seed.

    Args:
        networks: By label.
        data: What pairs are drawn from.
        pools: Operators by label; all of them pool the same features.
        pairs: Random pairs of different images, for each seed.
        seeds: Each draws other weights and other pairs.
        batch_norm: What batch normalisation subtracts: the statistics of the ``batch``, as in the
            first step of training, or its ``running`` ones, which do nothing yet.
        sweep: A size to vary, if any.
        accuracy_of: A suite whose trained networks are held beside: its path relative to this
            one's, or empty.
    """

    networks: Mapping[str, Named]
    data: tuple[PairSource, ...]
    pools: Mapping[str, Named]
    pairs: int
    seeds: tuple[int, ...]
    batch_norm: BatchNorm = "batch"
    sweep: Sweep | None = None
    accuracy_of: str = ""

    @property
    def network_count(self) -> int:
        """How many untrained networks are measured: one a seed, each on one data set."""
        sizes = len(self.sweep.values) if self.sweep else 1
        return len(self.networks) * len(self.data) * sizes * len(self.seeds)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One network, one seed, one source of pairs: what a finding is the outcome of.

    Args:
        network: With all its options.
        source: The data set, with all its options.
        checksum: Of the data set's content.
        is_centred: See :class:`PairSource`.
        shift: See :class:`PairSource`.
        pools: The operators.
        pairs: How many.
        seed: Of weights and pairs.
        batch_norm: See :class:`ContractionSettings`.
        revision: Of the measurement itself; raised by hand when its results change.
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
        """16 hex digits over all of it: the same key means the same numbers."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Similarities:
    """Cosine similarities of the pairs of one setup, one value a pair, each in [-1, 1].

    Args:
        inputs: Of the images as the network is given them.
        features: Of the maps that its head pools.
        pooled: Of what each operator makes of those maps, in the setup's order.
        duration_s: What drawing, forward passes and pooling took, in seconds.
    """

    inputs: tuple[float, ...]
    features: tuple[float, ...]
    pooled: tuple[tuple[float, ...], ...]
    duration_s: float

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document that :func:`similarities_from_json` reads back; NaN is null."""
        rows = (self.inputs, self.features, *self.pooled)
        return {
            "similarities": [[None if math.isnan(v) else v for v in row] for row in rows],
            "duration_s": self.duration_s,
        }


def similarities_from_json(document: Mapping[str, Any]) -> Similarities:
    """Read similarities back from :meth:`Similarities.to_json`.

    Raises:
        KeyError, TypeError, ValueError: The document was not written by this version.
    """
    inputs, features, *pooled = (
        tuple(math.nan if value is None else value for value in row)
        for row in document["similarities"]
    )
    return Similarities(
        inputs=inputs,
        features=features,
        pooled=tuple(pooled),
        duration_s=document["duration_s"],
    )


@dataclass(frozen=True, kw_only=True)
class Observed:
    """One network on one source of pairs: what every seed showed.

    Args:
        network: Its label.
        source: What the pairs are from.
        size: Where the sweep stands; ``None`` without one.
        seeds: One a seed, in order; empty when the data are missing.
        missing: Why there is nothing, in words; empty when there is.
    """

    network: str
    source: PairSource
    size: int | None
    seeds: tuple[Similarities, ...]
    missing: str = ""


def arccosine_kernel(similarity: float) -> float:
    """Return the cosine similarity behind one wide random layer of ReLUs.

    ``r(rho) = (sqrt(1 - rho^2) + (pi - arccos rho) rho) / pi``

    Args:
        similarity: rho of its inputs, in [-1, 1].

    References:
        Cho, Saul 2009, Kernel methods for deep learning.

    >>> [round(arccosine_kernel(rho), 4) for rho in (-1.0, 0.0, 0.5, 1.0)]
    [0.0, 0.3183, 0.609, 1.0]
    """
    angle = math.acos(similarity)
    return (math.sin(angle) + (math.pi - angle) * similarity) / math.pi
