"""Results of benchmarks: seconds, rates and bytes, as measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Values = Sequence[float]
"""One value per round, in the order of the rounds."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The conditions of a benchmark.

    Args:
        rounds: Number of rounds; each contender runs once per round.
        threads: CPU threads.
        device: Device name for torch.
        surroundings: Note on the machine and its load.
    """

    rounds: int
    threads: int
    device: str
    surroundings: str


@dataclass(frozen=True, kw_only=True)
class DeviceRates:
    """The highest rates of a device.

    Args:
        copy_mib: Size of the copy, in MiB.
        bytes_per_s: Bytes read and written per second by a copy.
        batch_size: Images per convolution.
        flops_per_s: FLOP/s of matrix products and convolutions, by name.
    """

    copy_mib: int
    bytes_per_s: Values
    batch_size: int
    flops_per_s: Mapping[str, Values]


@dataclass(frozen=True, kw_only=True)
class WorkEfficiency:
    """The arithmetic of one piece of work.

    Args:
        flops: FLOPs per image.
        flops_per_s: FLOP/s.
        duration_s: Duration in seconds.
        step_s: Duration of the training step that it is part of, in seconds; ``None`` if it is
            not part of one.
    """

    flops: float
    flops_per_s: Values
    duration_s: Values
    step_s: Values | None


@dataclass(frozen=True, kw_only=True)
class Evaluations:
    """An evaluation, and the forward passes that it cannot do without.

    Args:
        model: Name of the network.
        images: Number of images.
        side_px: Side of the images, in pixels.
        batch_size: Images per batch.
        forward_s: Duration of the bare forward passes per image, in seconds.
        evaluation_s: Duration of the evaluation per image, in seconds.
    """

    model: str
    images: int
    side_px: int
    batch_size: int
    forward_s: Values
    evaluation_s: Values


@dataclass(frozen=True, kw_only=True)
class Sweeps:
    """Sweeps over image sizes, and one evaluation.

    Args:
        model: Name of the network.
        images: Number of images.
        side_px: Side of the images in training, in pixels.
        sizes: Sides of the images in a sweep, in pixels.
        evaluation_s: Duration of one evaluation at the training size, in seconds.
        sweeps_s: Duration of each sweep by name, in seconds.
    """

    model: str
    images: int
    side_px: int
    sizes: tuple[int, ...]
    evaluation_s: Values
    sweeps_s: Mapping[str, Values]

    @property
    def pixels(self) -> float:
        """Pixels of a sweep over those of one evaluation."""
        return sum(size * size for size in self.sizes) / self.side_px**2


@dataclass(frozen=True, kw_only=True)
class Growth:
    """A piece of work at several sizes, from small to large.

    Args:
        work: Name of the work.
        unit: What its size counts: ``runs``, for instance.
        sizes: Sizes, ascending; at least two.
        seconds: Median duration at each size, in seconds.
    """

    work: str
    unit: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def marginal_ms(self) -> float:
        """Milliseconds per unit: the difference of the two largest sizes, divided by theirs."""
        (n, m), (s, t) = self.sizes[-2:], self.seconds[-2:]
        return 1000 * (t - s) / (m - n)

    @property
    def exponent(self) -> float:
        """Slope of log seconds over log size between the two largest sizes; 1 is linear."""
        (n, m), (s, t) = self.sizes[-2:], self.seconds[-2:]
        return math.log(t / s) / math.log(m / n)


@dataclass(frozen=True, kw_only=True)
class EpochProfile:
    """The time of a training epoch by part.

    Args:
        training: Description of the training: network, batch, precision, device.
        steps: Steps of the epoch.
        alone_s: Duration of an epoch without the profiler, in seconds.
        total_s: Duration of the epoch with the profiler, in seconds.
        parts_s: Seconds of ``total_s`` by part, in the order of a step.
    """

    training: str
    steps: int
    alone_s: float
    total_s: float
    parts_s: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast pictures go through a piece of work.

    Args:
        pictures: Number of pictures.
        wall_s: Duration on the clock, in seconds.
        cpu_s: Processor time of all processes and threads, in seconds.
    """

    pictures: int
    wall_s: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Pictures a second, by the clock."""
        return self.pictures / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """Pictures a second of one processor; infinite if its clock did not move."""
        return self.pictures / self.cpu_s if self.cpu_s else math.inf


@dataclass(frozen=True, kw_only=True)
class PictureTimes:
    """A folder of pictures, prepared and trained on, beside a loader that decodes each time.

    Args:
        pictures: Number of pictures in the folder.
        size_px: Side of the images.
        prepared: Preparing the pictures.
        peak_bytes: Largest resident memory of the process meanwhile.
        epoch: An epoch of random resized crops of the prepared pictures.
        loader: The same of the loader, on the pictures themselves.
    """

    pictures: int
    size_px: int
    prepared: Pace
    peak_bytes: int
    epoch: Pace
    loader: Pace
