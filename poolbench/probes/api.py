"""The interface of a probe: a network and its test images in, measurements out, no side effects."""

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
class ProbeInput:
    """A trained network and the test images to measure it on.

    Args:
        network: From pixels in [0, 1] ``(B, C, H, W)`` to logits ``(B, num_classes)``.
        batches: Takes a batch size, and yields every test image once, in the split's order.
        count: Number of test images.
        image_size: Height and width of the training images, in pixels.
        mean: What the network subtracts from pixels, one value per channel.
        std: What the network then divides by, one value per channel.
        device: Device of network and images.
        precision: Precision of training and evaluation.
        seed: The run's seed, for probes that draw numbers.
        batch_size: Images per batch of the final evaluation; with another size, the last bits of
            the logits may differ.
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
class ProbeResult:
    """The result of a probe.

    Args:
        points: One per setting, in the order asked for.
        facts: Further numbers by name.
    """

    points: tuple[Point, ...]
    facts: Mapping[str, float] = field(default_factory=dict)


class NotApplicable(Exception):
    """The probe does not apply to this network; the message says why."""


class NotFinite(Exception):
    """The network returned NaN or infinity: the probe failed, and the network is not robust."""


class Probe(Protocol):
    """A probe with its options.

    Raises:
        NotApplicable: The probe does not apply to this network.
        NotFinite: The network returned logits that are not finite.
    """

    def __call__(
        self, subject: ProbeInput, *, on_progress: Callable[[float], None], **options: Any
    ) -> ProbeResult:
        """Measure; ``on_progress`` takes the fraction done, in [0, 1], and may raise to stop."""
        ...


@contextmanager
def untouched(network: nn.Module) -> Iterator[nn.Module]:
    """Yield a network in eval mode, and restore it afterwards, even after an error.

    This restores the modes of every module, parameters and buffers, gradients, ``requires_grad``
    and the random states of all devices.
    """
    modes = {module: module.training for module in network.modules()}
    kept = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    wanted = {p: (p.requires_grad, p.grad) for p in network.parameters()}
    is_initialized = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = range(torch.cuda.device_count()) if is_initialized else ()
    with torch.random.fork_rng(devices=list(devices)):
        try:
            network.zero_grad()  # a backward pass would add to the saved gradients
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
