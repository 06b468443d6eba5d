"""The training step as a single launch: a CUDA graph, captured once and replayed.

A small network's step is a hundred kernels of microseconds each, and launching them takes longer
than running them. A graph launches all of them at once, and the results are bit-identical.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import torch
from torch import Tensor

from poolbench.training.step import Step

# Steps that compile kernels, create momenta and set up libraries. Torch's notes use as many.
_EAGER_STEPS = 3


class Recorder(Protocol):
    """Records work on a device, to be replayed."""

    def apart(self) -> AbstractContextManager[None]:
        """Return the context for the warm-up before the recording."""
        ...

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return a function that replays the work on the same memory; recording does not run it."""
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
        """Run work on the stream that graphs are captured on, in order with other streams."""
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
    """A step that is recorded at a full batch after a few eager steps, and replayed from then on.

    The eager steps are ordinary training steps, so no warm-up has to be undone. A batch that is
    not full, the last of an epoch, stays eager too.

    Args:
        step: The training step.
        batch_size: Images of a full batch.
        recorder: Records the step.
    """

    def __init__(self, step: Step, *, batch_size: int, recorder: Recorder) -> None:
        self._step, self._batch_size, self._recorder = step, batch_size, recorder
        self._eager_left = _EAGER_STEPS
        self._images = self._labels = torch.empty(0)
        self._repeat: Callable[[], None] | None = None

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """Train on a batch; see :class:`~poolbench.training.step.Step`."""
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
