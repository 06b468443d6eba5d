"""Measured costs of pooling operators and networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolbench.core.benchmarks import Values


@dataclass(frozen=True, kw_only=True)
class Passes:
    """Durations of the passes of a pooling operator or a network.

    Args:
        forward_s: Seconds of the forward pass alone.
        step_s: Seconds of forward and backward pass.
    """

    forward_s: Values
    step_s: Values


@dataclass(frozen=True, kw_only=True)
class PoolingCost:
    """The cost of one implementation of pooling.

    Args:
        passes: Durations of its passes.
        kept_bytes: Bytes kept for the backward pass, without the maps.
        is_yardstick: Whether it computes other values than ours.
    """

    passes: Passes
    kept_bytes: int
    is_yardstick: bool


@dataclass(frozen=True, kw_only=True)
class PoolingRace:
    """One operator and its peers: what people write instead.

    Args:
        task: Description of the pooling task.
        images: Images in the batch of maps.
        maps_bytes: Size of the maps, in bytes.
        forward_bytes: Least bytes that a forward pass moves.
        step_bytes: Least bytes that forward and backward pass move.
        kernel: Name of our kernel.
        copy_s: Seconds of a copy of the maps.
        costs: Cost of each contender by name, ours first.
    """

    task: str
    images: int
    maps_bytes: int
    forward_bytes: int
    step_bytes: int
    kernel: str
    copy_s: Values
    costs: Mapping[str, PoolingCost]


@dataclass(frozen=True, kw_only=True)
class NetworkCost:
    """The cost of one network, apart from time.

    Args:
        parameters: Number of parameters, fixed ones too.
        flops: FLOPs of one image's forward pass; only the multiplications and additions of
            convolutions and matrix products are counted.
        kept_bytes: Bytes per image kept for the backward pass, without parameters.
    """

    parameters: int
    flops: int
    kept_bytes: int


@dataclass(frozen=True, kw_only=True)
class NetworkRace:
    """The networks of a study's variants on one data set.

    Args:
        title: Title of the study, and the data set.
        batch_size: Images per batch.
        image_shape: (C, H, W).
        reference: The variant that the others are compared with.
        costs: Cost by variant.
        passes: Durations by variant, in seconds per image.
    """

    title: str
    batch_size: int
    image_shape: tuple[int, int, int]
    reference: str
    costs: Mapping[str, NetworkCost]
    passes: Mapping[str, Passes]
