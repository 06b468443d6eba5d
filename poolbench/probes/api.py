"""What a probe is: a network and its test images in, findings out, nothing left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import nn

from poolbench.core.batch import Batch
from poolbench.core.cell import Precision
from poolbench.core.measurement import Point


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A trained network and the images it is tried on.

    Args:
        network: Pixels in [0, 1] ``(B, C, H, W)`` to logits ``(B, num_classes)``.
        batches: Given a batch size, yields every test image once, in the split's order.
        count: Test images.
        image_size: Height and width of the training images, in pixels.
        mean: What the network subtracts from pixels, one value a channel.
        std: What it then divides by.
        device: Where network and images are.
        precision: What the network was trained and evaluated in.
        seed: For probes that draw numbers; the run's own.
        batch_size: Images a batch of the final evaluation: with another, the last bits of the
            logits may differ.
    """

    network: nn.Module
    batches: Callable[[int], Iterable[Batch]]
    count: int
    image_size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    device: torch.device
    precision: Precision = "fp32"
    seed: int = 0
    batch_size: int = 500


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a probe found.

    Args:
        points: One a setting, in the order asked for.
        facts: Further numbers by name.
    """

    points: tuple[Point, ...]
    facts: Mapping[str, float] = field(default_factory=dict)


class NotApplicable(Exception):
    """The probe cannot be put to this network at all; the message says why."""


class NotFinite(Exception):
    """The network answered NaN or infinity: the probe failed, the network is not robust."""


class Probe(Protocol):
    """A probe with its options.

    Raises:
        NotApplicable: The probe cannot be put to this network.
        NotFinite: The network gave logits that are not finite.
    """

    def __call__(
        self, subject: Subject, *, on_progress: Callable[[float], None], **options: Any
    ) -> Findings:
        """Measure; ``on_progress`` is given the share done, in [0, 1], and may raise to stop."""
        ...


@contextmanager
def untouched(network: nn.Module) -> Iterator[nn.Module]:
    """Lend a network in eval mode, and give it back as it was, even after an error.

    Modes of every module, parameters and buffers, gradients, ``requires_grad`` and the random
    states of all devices are what they were before.
    """
    modes = {module: module.training for module in network.modules()}
    kept = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    wanted = {p: (p.requires_grad, p.grad) for p in network.parameters()}
    is_initialized = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = range(torch.cuda.device_count()) if is_initialized else ()
    with torch.random.fork_rng(devices=list(devices)):
        try:
            network.zero_grad()  # a backward pass would add to the gradients that are kept
            yield network.eval().requires_grad_(False)
        finally:
            for module, was_training in modes.items():
                module.training = was_training
            for parameter, (requires_grad, grad) in wanted.items():
                parameter.requires_grad_(requires_grad)
                parameter.grad = grad
            with torch.no_grad():
                for name, tensor in network.state_dict().items():
                    tensor.copy_(kept[name])
