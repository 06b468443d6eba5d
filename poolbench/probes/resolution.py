"""Accuracy on images of other sizes than in training: resized, cropped, or with a border."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poolbench.core.batch import Batch
from poolbench.core.errors import BadInput
from poolbench.core.measurement import Point, pack_bits
from poolbench.core.streams import derive
from poolbench.probes.api import NotApplicable, NotFinite, ProbeInput, ProbeResult, untouched
from poolbench.training.evaluate import evaluate

_DEFAULT_FACTORS = (0.5, 0.625, 0.75, 0.875, 1.0, 1.125, 1.25, 1.5, 1.75, 2.0)


class Change(Protocol):
    """Changes the size of images; the training size leaves them unchanged."""

    def __call__(self, images: Tensor, size: int, subject: ProbeInput, batch: int) -> Tensor:
        """Return ``(B, C, size, size)`` for ``(B, C, H, W)``, the ``batch``-th of its sweep."""
        ...


def _resized(images: Tensor, size: int, subject: ProbeInput, batch: int) -> Tensor:  # noqa: ARG001
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True)


def _cropped(images: Tensor, size: int, subject: ProbeInput, batch: int) -> Tensor:  # noqa: ARG001
    edge = (images.shape[-1] - size) // 2
    return images[..., edge : edge + size, edge : edge + size]


def _bordered(ground: Tensor, images: Tensor) -> Tensor:
    edge, side = (ground.shape[-1] - images.shape[-1]) // 2, images.shape[-1]
    ground[..., edge : edge + side, edge : edge + side] = images
    return ground


def _zero_padded(images: Tensor, size: int, subject: ProbeInput, batch: int) -> Tensor:
    if size < images.shape[-1]:
        return _cropped(images, size, subject, batch)
    # The network subtracts the mean first, so the mean becomes zero.
    ground = images.new_tensor(subject.mean).view(-1, 1, 1)
    return _bordered(ground.expand(len(images), -1, size, size).clone(), images)


def _noise_padded(images: Tensor, size: int, subject: ProbeInput, batch: int) -> Tensor:
    if size < images.shape[-1]:
        return _cropped(images, size, subject, batch)
    # Drawn on the CPU, by seed, size and batch alone: the noise is the same for all variants.
    generator = torch.Generator().manual_seed(derive(subject.seed, "pad-noise", size, batch))
    noise = torch.randn(len(images), len(subject.mean), size, size, generator=generator)
    scale, mean = (
        images.new_tensor(values).view(-1, 1, 1) for values in (subject.std, subject.mean)
    )
    return _bordered(noise.to(images.device) * scale + mean, images)


def _sweep(
    change: Change,
    subject: ProbeInput,
    *,
    on_progress: Callable[[float], None],
    sizes: Sequence[int] | None,
    largest: float = math.inf,
) -> ProbeResult:
    """Classify every test image at every size.

    Args:
        change: Changes the size of images.
        subject: Network and test images.
        on_progress: Called with the fraction done.
        sizes: Sides in pixels, ascending; ``None`` for multiples of the training size.
        largest: The largest size that ``change`` supports, as a multiple of the training size.

    Returns:
        One point per size. At the training size its accuracy is exactly the final evaluation's.
        The fact ``training_size_px`` is the side of the training images.

    Raises:
        NotApplicable: The images are not square, or the network takes only one size.
        NotFinite: The network returned NaN or infinity.
    """
    height, side = subject.image_size
    if height != side:
        raise NotApplicable(f"images of {height}x{side} pixels are not square")
    if sizes is None:
        factors = [factor for factor in _DEFAULT_FACTORS if factor <= largest]
        sizes = sorted({max(1, round(factor * side)) for factor in factors})
    with untouched(subject.network) as network:
        sweep = _Sweep(network, change, subject, on_progress, sum(size * size for size in sizes))
        return ProbeResult(
            points=tuple(
                sweep.point(size)
                if size <= largest * side
                else _no_point(subject, size, f"larger than the images' {side} pixels")
                for size in sizes
            ),
            facts={"training_size_px": float(side)},
        )


def _no_point(subject: ProbeInput, size: int, reason: str) -> Point:
    return Point(at=size, correct=None, total=subject.count, reason=reason)


class _Sweep:
    """The sizes of one change on one network, one after another."""

    def __init__(
        self,
        network: nn.Module,
        change: Change,
        subject: ProbeInput,
        on_progress: Callable[[float], None],
        cost: int,
    ) -> None:
        self._network, self._change, self._subject = network, change, subject
        self._on_progress, self._done, self._cost = on_progress, 0.0, cost

    def point(self, size: int) -> Point:
        """Return the accuracy at a size, or why there is none."""
        subject, side = self._subject, self._subject.image_size[0]
        if size != side and (fault := self._fault_at(size)):
            if self._fault_at(2 * side):
                raise NotApplicable(f"fixed input size: the network takes {side}x{side} pixels")
            return _no_point(subject, size, f"the network does not take it: {fault}")
        labels: list[Tensor] = []
        seen = evaluate(
            self._network,
            self._batches(size, labels),
            device=subject.device,
            precision=subject.precision,
        )
        if not math.isfinite(seen.loss):
            raise NotFinite(f"the network returned NaN or infinity at {size}x{size} pixels")
        right = (seen.predicted == torch.cat(labels).cpu()).tolist()
        return Point(at=size, correct=seen.correct, total=seen.total, right=pack_bits(right))

    def _batches(self, size: int, labels: list[Tensor]) -> Iterator[Batch]:
        side = self._subject.image_size[0]
        # Batches with about the same number of pixels take about the same memory.
        batch_size = max(1, self._subject.batch_size * side * side // (size * size))
        for index, batch in enumerate(self._subject.batches(batch_size)):
            labels.append(batch.labels)
            yield batch if size == side else self._changed(batch, size, index)
            self._done += size * size * len(batch.labels) / self._subject.count
            self._on_progress(min(1.0, self._done / self._cost))

    def _changed(self, batch: Batch, size: int, index: int) -> Batch:
        images = self._change(batch.images, size, self._subject, index)
        return Batch(
            images=images.contiguous(memory_format=torch.channels_last), labels=batch.labels
        )

    def _fault_at(self, size: int) -> str:
        """Try a size on one blank image; return why the network cannot take it, or empty text."""
        subject = self._subject
        image = torch.zeros(1, len(subject.mean), size, size, device=subject.device)
        try:
            with torch.no_grad():
                self._network(image)
        except torch.OutOfMemoryError:
            raise
        except (AssertionError, BadInput, RuntimeError, ValueError) as fault:
            return (str(fault).splitlines() or [type(fault).__name__])[0]
        return ""


zoom = partial(_sweep, _resized)
"""Resize to s x s, antialiased bilinear."""

crop = partial(_sweep, _cropped, largest=1.0)
"""Keep the central s x s pixels."""

pad_zero = partial(_sweep, _zero_padded)
"""Keep the centre below the training size; above it, surround the image with the mean colour."""

pad_noise = partial(_sweep, _noise_padded)
"""Keep the centre below the training size; above it, surround the image with normal noise."""
