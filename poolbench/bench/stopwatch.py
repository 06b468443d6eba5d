"""How long a piece of work takes: on the wall, on the processor, or on the GPU alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Stopwatch = Callable[[Callable[[], object]], float]

_FIRST_SLEEP, _LONGEST_SLEEP = 2**20, 2**32  # cycles: half a millisecond, and two seconds


def wall(run: Callable[[], object]) -> float:
    """Return the seconds on the wall that a work of the host takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def processor(run: Callable[[], object]) -> float:
    """Return the seconds that the processor spends on this process while it works."""
    began = time.process_time()
    run()
    return time.process_time() - began


def wall_of(device: torch.device) -> Stopwatch:
    """Return the stopwatch of a work that ends when the device has done what it was told.

    Args:
        device: Where the work is done.
    """
    if device.type != "cuda":
        return wall
    import torch

    def with_the_device(run: Callable[[], object]) -> float:
        def until_done() -> None:
            run()
            torch.cuda.synchronize(device)

        torch.cuda.synchronize(device)
        return wall(until_done)

    return with_the_device


def fair(threads: int, device: torch.device) -> Stopwatch:
    """Return the stopwatch that others on the machine disturb least.

    One thread on a CPU: the seconds that the processor spends on it, which are those on the wall
    where nothing else runs, and leave out what others run meanwhile. Else: those on the wall.
    """
    return processor if threads == 1 and device.type == "cpu" else wall_of(device)


def kernels(device: torch.device) -> Stopwatch:
    """Return the stopwatch of a pass over tensors, without what the host takes to ask for it.

    On a GPU: of its kernels, one behind the other. Python takes longer to launch a few kernels
    than they run, and a network's queue hides that; so the GPU sleeps until all of them wait for
    it. On a CPU the two are one: the wall.
    """
    return GpuKernels(device) if device.type == "cuda" else wall


class GpuKernels:
    """Takes the seconds between a GPU's first and its last kernel of a work.

    Args:
        device: A GPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._sleep = device, _FIRST_SLEEP

    def __call__(self, run: Callable[[], object]) -> float:
        """Return the seconds of a work's kernels.

        Raises:
            RuntimeError: The work waits for the GPU, so its kernels cannot wait together.
        """
        while (seconds := self._take(run)) is None:
            self._sleep *= 2
            if self._sleep > _LONGEST_SLEEP:
                raise RuntimeError("the kernels of this work never wait together for the GPU")
        return seconds

    def _take(self, run: Callable[[], object]) -> float | None:
        """Return the seconds; ``None`` where the GPU woke up before the last launch."""
        import torch

        with torch.cuda.device(self._device):
            began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
            torch.cuda.synchronize()
            torch.cuda._sleep(self._sleep)  # type: ignore[no-untyped-call]
            began.record()
            run()
            ended.record()
            was_asleep = not began.query()  # type: ignore[no-untyped-call]
            ended.synchronize()
        return began.elapsed_time(ended) / 1e3 if was_asleep else None
