"""What a stopwatch takes: real clocks on the CPU, and a GPU whose queue is made up."""

from __future__ import annotations

import time
from contextlib import nullcontext

import pytest
import torch

from poolbench.bench import stopwatch
from poolbench.bench.stopwatch import GpuKernels, fair, kernels, processor, wall

CPU, GPU = torch.device("cpu"), torch.device("cuda:0")


def test_the_processors_seconds_leave_out_those_of_waiting() -> None:
    assert wall(lambda: time.sleep(0.05)) >= 0.05
    assert processor(lambda: time.sleep(0.05)) < 0.05


def test_one_thread_is_timed_by_the_processor_and_more_by_the_wall() -> None:
    assert fair(1, CPU) is processor
    assert fair(2, CPU) is wall
    assert fair(1, GPU) is not processor
    assert kernels(CPU) is wall


class Queue:
    """A GPU that sleeps when told to, and runs what waits for it; time passes as work is launched.

    A cycle is a nanosecond, and launching takes a millisecond of the host's.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kernel_s: float) -> None:
        self.host_s = self.awake_at_s = 0.0
        self.kernel_s, self.sleeps = kernel_s, list[int]()
        queue = self

        class Event:
            def __init__(self, *, enable_timing: bool) -> None:
                assert enable_timing
                self.at_s = 0.0

            def record(self) -> None:
                self.at_s = max(queue.awake_at_s, queue.host_s)

            def query(self) -> bool:
                return self.at_s <= queue.host_s

            def synchronize(self) -> None:
                queue.host_s = max(queue.host_s, self.at_s)

            def elapsed_time(self, other: Event) -> float:
                return 1e3 * (other.at_s - self.at_s)

        monkeypatch.setattr(torch.cuda, "Event", Event)
        monkeypatch.setattr(torch.cuda, "device", lambda _: nullcontext())
        monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
        monkeypatch.setattr(torch.cuda, "_sleep", self.sleep)

    def sleep(self, cycles: int) -> None:
        self.sleeps.append(cycles)
        self.awake_at_s = max(self.awake_at_s, self.host_s) + cycles * 1e-9

    def launch(self) -> None:
        self.host_s += 1e-3
        self.awake_at_s = max(self.awake_at_s, self.host_s) + self.kernel_s


def test_a_gpu_sleeps_until_all_kernels_wait_so_that_launching_them_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = Queue(monkeypatch, kernel_s=1e-4)

    def work() -> None:
        for _ in range(5):
            queue.launch()

    watch = GpuKernels(GPU)
    assert watch(work) == pytest.approx(5e-4)
    assert queue.sleeps[-1] > 5e6 > queue.sleeps[0]  # five launches of a million nanoseconds
    asked = len(queue.sleeps)
    assert watch(work) == pytest.approx(5e-4)
    assert len(queue.sleeps) == asked + 1  # what was long enough is remembered


def test_a_work_that_waits_for_the_gpu_cannot_be_timed_by_its_kernels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = Queue(monkeypatch, kernel_s=1e-4)
    monkeypatch.setattr(stopwatch, "_LONGEST_SLEEP", 2**24)

    def work() -> None:
        queue.launch()
        queue.host_s = queue.awake_at_s  # as .item() does

    with pytest.raises(RuntimeError, match="never wait together"):
        GpuKernels(GPU)(work)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_a_copy_on_a_gpu_takes_what_its_bytes_take_not_what_python_takes() -> None:
    watch, source = GpuKernels(GPU), torch.zeros(2**26, device=GPU)
    small, large = source[: 2**10], source
    target = torch.empty_like(source)
    times = [
        min(watch(lambda part=part: target[: len(part)].copy_(part)) for _ in range(20))
        for part in (small, large)
    ]
    assert 2 * times[0] < times[1]  # Python takes as long for both
