"""The training step as a single launch: a CUDA graph, captured once and replayed.

A small network's step is a hundred kernels of microseconds each, and telling a GPU to start them
takes longer than they do. A graph tells it all of them at once, and they compute the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import torch
from torch import Tensor

from poolbench.training.step import Step

# Kernels are compiled, momenta made and libraries set up in these. As many as torch's notes take.
_EAGER_STEPS = 3


class Recorder(Protocol):
    """Records work on a device, to be repeated."""

    def apart(self) -> AbstractContextManager[None]:
        """Return the context of work that is like what will be recorded, and comes before it."""
        ...

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return what repeats the work, on the same memory; it is not done yet."""
        ...


class GraphRecorder:
    """Records CUDA graphs.

    Args:
        device: A GPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Put work on the stream that graphs are captured on, between what is around it."""
        outside = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(outside)
        with torch.cuda.stream(self._stream):
            yield
        outside.wait_stream(self._stream)

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return the replay of a graph of the work."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.device(self._device), torch.cuda.graph(graph, stream=self._stream):
            work()
        return graph.replay


class CapturedStep:
    """A step that is recorded at the first full batch after a few, and from then on repeated.

    The batches before are learned as ever, as is each that is not full: an epoch's last. All are
    steps of the training; there are none for warming up that would have to be undone.

    Args:
        step: What a batch does.
        batch_size: Images of a full batch.
        recorder: Records it.
    """

    def __init__(self, step: Step, *, batch_size: int, recorder: Recorder) -> None:
        self._step, self._batch_size, self._recorder = step, batch_size, recorder
        self._eager_left = _EAGER_STEPS
        self._images = self._labels = torch.empty(0)
        self._repeat: Callable[[], None] | None = None

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """Learn a batch; see :class:`~poolbench.training.step.Step`."""
        if len(labels) < self._batch_size:
            self._step(images, labels)
        elif self._eager_left > 0:
            self._eager_left -= 1
            with self._recorder.apart():
                self._step(images, labels)
        else:
            if self._repeat is None:
                self._images, self._labels = torch.empty_like(images), torch.empty_like(labels)
                self._repeat = self._recorder.record(lambda: self._step(self._images, self._labels))
            self._images.copy_(images)
            self._labels.copy_(labels)
            self._repeat()
