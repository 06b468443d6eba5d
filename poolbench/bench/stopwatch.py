"""Measuring time: wall clock, processor time, or the GPU's time alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Stopwatch = Callable[[Callable[[], object]], float]

_FIRST_SLEEP, _LONGEST_SLEEP = 2**20, 2**32  # cycles: half a millisecond, and two seconds


def wall(run: Callable[[], object]) -> float:
    """Return the wall-clock seconds of a work on the host."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def processor(run: Callable[[], object]) -> float:
    """Return the processor seconds of this process for a work."""
    began = time.process_time()
    run()
    return time.process_time() - began


def wall_of(device: torch.device) -> Stopwatch:
    """Return the wall-clock stopwatch of a work that ends when the device has finished.

    Args:
        device: Device of the work.
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
    """Return the stopwatch that other processes disturb least.

    For one thread on a CPU it is processor time, which equals wall-clock time if nothing else runs,
    and excludes other processes. Otherwise it is wall-clock time.
    """
    return processor if threads == 1 and device.type == "cpu" else wall_of(device)


def kernels(device: torch.device) -> Stopwatch:
    """Return the stopwatch of a pass over tensors, without the host's launch overhead.

    On a GPU it measures the kernels, one after another. Python takes longer to launch a few kernels
    than they run, which a network's queue hides; so the GPU sleeps until all of them are queued. On
    a CPU it is wall-clock time.
    """
    return GpuKernels(device) if device.type == "cuda" else wall


class GpuKernels:
    """Measures the seconds from the first to the last kernel of a work on a GPU.

    Args:
        device: A GPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._sleep = device, _FIRST_SLEEP

    def __call__(self, run: Callable[[], object]) -> float:
        """Return the seconds of a work's kernels.

        Raises:
            RuntimeError: The work waits for the GPU, so its kernels cannot be queued together.
        """
        while (seconds := self._take(run)) is None:
            self._sleep *= 2
            if self._sleep > _LONGEST_SLEEP:
                raise RuntimeError("the kernels of this work never wait together for the GPU")
        return seconds

    def _take(self, run: Callable[[], object]) -> float | None:
        """Return the seconds; ``None`` if the GPU woke up before the last launch."""
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
