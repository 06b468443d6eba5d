"""The process settings of a worker: torch and signals."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


@contextmanager
def configured(device: str, threads: int, *, cudnn_benchmark: bool = False) -> Iterator[None]:
    """Make torch deterministic, and set its number of threads, within a context.

    Args:
        device: Device name for torch.
        threads: CPU threads.
        cudnn_benchmark: Whether cuDNN may time its algorithms to find the fastest.
    """
    if device.startswith("cuda"):  # read at the first matrix product, which may vary without it
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    benchmark_before = torch.backends.cudnn.benchmark
    # Filling new memory is only useful for code that reads uninitialised values.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = cudnn_benchmark
    torch.set_num_threads(threads)
    # Some backward passes have no deterministic kernel on CUDA: a warning there, an error on CPU.
    # (use_deterministic_algorithms would import torch's compiler: a second, for each worker.)
    torch.set_deterministic_debug_mode("warn" if device.startswith("cuda") else "error")
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        threads_before, mode_before = before
        torch.set_num_threads(threads_before)
        torch.set_deterministic_debug_mode(mode_before)
        torch.backends.cudnn.benchmark = benchmark_before


@contextmanager
def stopping_on_signals(stop: Callable[[int], None]) -> Iterator[None]:
    """Call ``stop`` on the first SIGINT or SIGTERM; a second one kills the process."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def handle(number: int, _: object) -> None:
        stop(number)
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
