"""What pooling operators and networks cost, as a benchmark has measured it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolbench.core.benchmarks import Values


@dataclass(frozen=True, kw_only=True)
class Passes:
    """Seconds of a pooling operator's or a network's passes.

    Args:
        forward_s: Forward alone.
        step_s: Forward and backward.
    """

    forward_s: Values
    step_s: Values


@dataclass(frozen=True, kw_only=True)
class PoolingCost:
    """What a way to pool costs.

    Args:
        passes: Their seconds.
        kept_bytes: What is kept for the backward pass, the maps themselves aside.
        is_yardstick: It computes other values than ours.
    """

    passes: Passes
    kept_bytes: int
    is_yardstick: bool


@dataclass(frozen=True, kw_only=True)
class PoolingRace:
    """One operator, and what people write instead of it.

    Args:
        task: What is pooled, in words.
        images: Of the maps.
        maps_bytes: Size of the maps.
        forward_bytes: The least that a forward pass has to move.
        step_bytes: The least that forward and backward have to.
        kernel: Our code for it, by name.
        copy_s: Seconds of a copy of the maps.
        costs: Ours first, by name.
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
    """What one network costs, whatever the clock says.

    Args:
        parameters: Trainable.
        flops: Of one image's forward pass: multiplications and additions of its convolutions and
            matrix products, the only ones that are counted.
        kept_bytes: What a forward pass of one image keeps for the backward pass, parameters aside.
    """

    parameters: int
    flops: int
    kept_bytes: int


@dataclass(frozen=True, kw_only=True)
class NetworkRace:
    """The networks of a study's variants on one data set.

    Args:
        title: Of the study and the data set.
        batch_size: Images a turn.
        image_shape: (C, H, W).
        reference: The variant that the others are compared with.
        costs: By variant.
        passes: By variant; seconds an image.
    """

    title: str
    batch_size: int
    image_shape: tuple[int, int, int]
    reference: str
    costs: Mapping[str, NetworkCost]
    passes: Mapping[str, Passes]
