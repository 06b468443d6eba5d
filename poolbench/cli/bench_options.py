"""The options that several benchmarks share: how often contenders take turns, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from poolbench.cli import options
from poolbench.core.cell import Precision

if TYPE_CHECKING:
    import torch

Rounds = Annotated[int, typer.Option("--rounds", min=3, help="Rounds to measure.")]
Threads = Annotated[int, typer.Option("--threads", min=1, help="CPU threads.")]
OurPrecision = Annotated[Precision, typer.Option("--precision", help="Precision of our steps.")]


@dataclass(frozen=True, kw_only=True)
class Turns:
    """How often contenders take turns, and how wide they are."""

    rounds: Rounds = 9
    threads: Threads = 1


@dataclass(frozen=True, kw_only=True)
class Racing(Turns):
    """The same, and on which device."""

    device: options.Device = "cpu"

    def open_device(self) -> torch.device:
        """Return the device; see :func:`open_device`."""
        return open_device(self.device)


@dataclass(frozen=True, kw_only=True)
class BriefRacing(Racing):
    """Of contenders that take long."""

    rounds: Rounds = 5


@dataclass(frozen=True, kw_only=True)
class RacingForVerdicts(Racing):
    """With as many rounds as the interval of a median needs."""

    rounds: Annotated[int, typer.Option("--rounds", min=7, help="Rounds to measure.")] = 11


@dataclass(frozen=True, kw_only=True)
class PreciseRacing(Turns):
    """The same, in a precision of choice."""

    precision: OurPrecision = "fp32"
    device: options.Device = "cpu"

    def open_device(self) -> torch.device:
        """Return the device; see :func:`open_device`."""
        return open_device(self.device, self.precision)


def open_device(device: str | None, precision: Precision = "fp32") -> torch.device:
    """Return the device that a benchmark is to run on.

    Args:
        device: As it was named on the command line.
        precision: Of what will run there.

    Raises:
        BadInput: The name is none, or the device does not have that precision.
        EnvironmentFault: There is no such device here.
    """
    from poolbench.runtime.devices import open_device as open_named

    return open_named("cpu" if device is None else device, precision)
