"""How a worker behaves: its torch, its signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


@contextmanager
def configured(device: str, threads: int) -> Iterator[None]:
    """Make torch deterministic, and as wide as asked for, for a while.

    Args:
        device: As torch names it.
        threads: CPU threads.
    """
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    # Filling fresh memory only serves code that reads what it never wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_num_threads(threads)
    # Some backward passes have no deterministic kernel on CUDA: a warning there, a rule on CPU.
    on_gpu = device.startswith("cuda")
    torch.use_deterministic_algorithms(True, warn_only=on_gpu)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1], warn_only=before[2])


@contextmanager
def stopping_on_signals(stop: Callable[[int], None]) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into a call of ``stop``; the second one kills."""
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
