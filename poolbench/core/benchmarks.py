"""What benchmarks have found: seconds, rates and bytes, as they were measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Values = Sequence[float]
"""One value a round, in the rounds' order."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Under which conditions a benchmark ran.

    Args:
        rounds: Turns of each contender.
        threads: CPU threads.
        device: As torch names it.
        surroundings: The machine and how busy it was, in words.
    """

    rounds: int
    threads: int
    device: str
    surroundings: str


@dataclass(frozen=True, kw_only=True)
class DeviceRates:
    """What a device can do at best.

    Args:
        copy_mib: Size of what was copied.
        bytes_per_s: Read and written by a copy.
        batch_size: Images of a convolution.
        flops_per_s: Of matrix products and convolutions, by name.
    """

    copy_mib: int
    bytes_per_s: Values
    batch_size: int
    flops_per_s: Mapping[str, Values]


@dataclass(frozen=True, kw_only=True)
class WorkEfficiency:
    """The arithmetic of one piece of work.

    Args:
        flops: Of one image.
        flops_per_s: Its rate.
        duration_s: Its seconds.
        step_s: Those of the training step that it is a part of; ``None`` if it is part of none.
    """

    flops: float
    flops_per_s: Values
    duration_s: Values
    step_s: Values | None


@dataclass(frozen=True, kw_only=True)
class Sweeps:
    """Sweeps over image sizes beside one evaluation.

    Args:
        model: The network.
        images: That each looks at.
        side_px: Of the images in training.
        sizes: Of a sweep, in pixels.
        evaluation_s: Seconds of one evaluation at the training size.
        sweeps_s: Seconds of each sweep, by name.
    """

    model: str
    images: int
    side_px: int
    sizes: tuple[int, ...]
    evaluation_s: Values
    sweeps_s: Mapping[str, Values]

    @property
    def pixels(self) -> float:
        """Pixels that a sweep looks at, in those of one evaluation."""
        return sum(size * size for size in self.sizes) / self.side_px**2


@dataclass(frozen=True, kw_only=True)
class Growth:
    """A piece of work at several sizes, from small to large.

    Args:
        work: Its name.
        unit: What there is more of.
        sizes: How much.
        seconds: Median of each.
    """

    work: str
    unit: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def marginal_ms(self) -> float:
        """Milliseconds for one more: the difference of the two largest sizes, shared out."""
        (n, m), (s, t) = self.sizes[-2:], self.seconds[-2:]
        return 1000 * (t - s) / (m - n)

    @property
    def exponent(self) -> float:
        """Slope of log seconds over log size between the two largest: 1 is linear."""
        (n, m), (s, t) = self.sizes[-2:], self.seconds[-2:]
        return math.log(t / s) / math.log(m / n)


@dataclass(frozen=True, kw_only=True)
class EpochProfile:
    """Where the time of a training epoch went.

    Args:
        training: What was trained, and how, in words.
        steps: Of the epoch.
        alone_s: Seconds of the epoch without the profiler.
        total_s: With it.
        parts_s: Of those, by part, in the order of a step.
    """

    training: str
    steps: int
    alone_s: float
    total_s: float
    parts_s: Mapping[str, float]
