"""FGSM, FGM in the Euclidean norm and projected gradient descent, over a range of epsilons."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from poolbench.core.batch import Batch
from poolbench.core.measurement import Point, pack_bits
from poolbench.core.streams import derive
from poolbench.probes.adversarial.attacks import (
    Descent,
    EuclideanStep,
    SignStep,
    attackable,
    perturb,
)
from poolbench.probes.adversarial.gradient import images_at_once, input_gradient
from poolbench.probes.api import NotFinite, ProbeInput, ProbeResult, untouched
from poolbench.training.evaluate import evaluate

if TYPE_CHECKING:
    from foolbox.attacks.base import FixedEpsilonAttack


def fgsm(
    subject: ProbeInput, *, on_progress: Callable[[float], None], epsilons: Sequence[float]
) -> ProbeResult:
    """Measure robust accuracy against one step along the sign of the gradient.

    It classifies ``clip(x + epsilon sign(g), 0, 1)``, where g is the gradient of the
    cross-entropy at the image x: foolbox's ``LinfFastGradientAttack``, with one gradient for all
    epsilons.

    Args:
        subject: Network and test images.
        on_progress: Called with the fraction done, in [0, 1]; may raise to stop.
        epsilons: Largest change of a pixel, ascending, at least 0, for pixels in [0, 1]:
            8/255 is eight grey levels.

    Returns:
        A point for each epsilon, and as facts ``zero_gradient_images``, the fraction of images with
        a gradient of zero everywhere (no step changes them: their robustness is an upper bound),
        and ``zero_gradient_elements``, the fraction of all values. ``pixel_low`` and ``pixel_high``
        are the range of the images' values and ``image_values`` their number in an image: they
        determine where the area under the curve ends.

    Raises:
        BadInput: The epsilons are invalid.
        NotFinite: Logits or a gradient are not finite.
    """
    return _measure(subject, epsilons, on_progress, lambda gradient, _: SignStep(gradient))


def fgm_l2(
    subject: ProbeInput, *, on_progress: Callable[[float], None], epsilons: Sequence[float]
) -> ProbeResult:
    """Measure robust accuracy against one step along the gradient.

    It classifies ``clip(x + epsilon g / |g|, 0, 1)``, where g is the gradient of the
    cross-entropy at the image x: foolbox's ``L2FastGradientAttack``, with one gradient for all
    epsilons.

    Args:
        subject: Network and test images.
        on_progress: Called with the fraction done, in [0, 1]; may raise to stop.
        epsilons: Largest Euclidean norm of the change of an image, over all its values, ascending,
            at least 0, for pixels in [0, 1].

    Returns:
        As for :func:`fgsm`.

    Raises:
        BadInput: The epsilons are invalid.
        NotFinite: Logits or a gradient are not finite.
    """
    return _measure(subject, epsilons, on_progress, lambda gradient, _: EuclideanStep(gradient))


def pgd(
    subject: ProbeInput,
    *,
    on_progress: Callable[[float], None],
    epsilons: Sequence[float],
    steps: int,
    rel_stepsize: float,
) -> ProbeResult:
    """Measure robust accuracy against projected gradient descent in the maximum norm.

    Foolbox's ``LinfProjectedGradientDescentAttack``. The random start is drawn image by image, in
    the split's order, from the run's own stream: it depends on neither batches nor device,
    and is the same relative position in the ball for every epsilon.

    Args:
        subject: Network and test images.
        on_progress: Called with the fraction done, in [0, 1]; may raise to stop.
        epsilons: Largest change of a pixel, ascending, at least 0, for pixels in [0, 1].
        steps: Gradient steps for each epsilon, at least 1.
        rel_stepsize: Step size, as a multiple of epsilon, above 0.

    Returns:
        As for :func:`fgsm`.

    Raises:
        BadInput: The options are invalid.
        NotFinite: Logits or a gradient are not finite.
    """
    generator = torch.Generator().manual_seed(derive(subject.seed, "pgd", "start"))

    def choose(gradient: Tensor, on_gradient: Callable[[int], None]) -> Descent:
        position = torch.rand(gradient.shape, generator=generator).to(gradient.device)
        return Descent(position, steps=steps, rel_stepsize=rel_stepsize, on_gradient=on_gradient)

    return _measure(subject, epsilons, on_progress, choose, gradients=steps)


def _measure(
    subject: ProbeInput,
    epsilons: Sequence[float],
    on_progress: Callable[[float], None],
    choose: Callable[[Tensor, Callable[[int], None]], FixedEpsilonAttack],
    gradients: int = 0,
) -> ProbeResult:
    """Attack all test images at every epsilon, and classify the results.

    Args:
        subject: Network and test images.
        epsilons: Epsilons, ascending.
        on_progress: Called with the fraction done.
        choose: Returns the attack on a batch, from the gradient at its images and a callback that
            takes the number of images after each further gradient.
        gradients: Number of further gradients the attack takes for an epsilon above 0.
    """
    at_once = images_at_once(subject.image_size)
    meter = _Meter(
        subject.count * (2 + len(epsilons) + 2 * gradients * sum(e > 0 for e in epsilons)),
        on_progress,
    )
    right: list[list[bool]] = [[] for _ in epsilons]
    zeros = torch.zeros(2, dtype=torch.int64)
    low, high = math.inf, -math.inf
    with untouched(subject.network) as network:
        model = attackable(network, subject.device)
        for batch in subject.batches(subject.batch_size):
            attacked = []
            low = min(low, float(batch.images.min()))
            high = max(high, float(batch.images.max()))
            for images, labels in zip(
                torch.split(batch.images, at_once), torch.split(batch.labels, at_once), strict=True
            ):
                gradient = input_gradient(network, images, labels)
                meter.gradients(len(images))
                is_zero = gradient.flatten(1) == 0
                zeros += torch.stack([is_zero.all(1).sum(), is_zero.sum()]).cpu()
                attacked.append((choose(gradient, meter.gradients), images, labels))
            for epsilon, hits in zip(epsilons, right, strict=True):
                adversarial = torch.cat([perturb(a, model, x, y, epsilon) for a, x, y in attacked])
                hits += _classify(subject, Batch(images=adversarial, labels=batch.labels))
                meter.forwards(len(adversarial))
    points = (
        Point(at=float(epsilon), correct=sum(hits), total=len(hits), right=pack_bits(hits))
        for epsilon, hits in zip(epsilons, right, strict=True)
    )
    zero_images, zero_elements = zeros.tolist()
    return ProbeResult(
        points=tuple(points),
        facts={
            "zero_gradient_images": zero_images / len(right[0]),
            "zero_gradient_elements": zero_elements / (len(right[0]) * gradient[0].numel()),
            "pixel_low": low,
            "pixel_high": high,
            "image_values": gradient[0].numel(),
        },
    )


class _Meter:
    """Reports the fraction done, counted in forward and backward passes of images."""

    def __init__(self, total: int, tell: Callable[[float], None]) -> None:
        self._done, self._total, self._tell = 0, total, tell

    def forwards(self, images: int) -> None:
        self._done += images
        self._tell(self._done / self._total)

    def gradients(self, images: int) -> None:
        self.forwards(2 * images)


def _classify(subject: ProbeInput, batch: Batch) -> list[bool]:
    seen = evaluate(subject.network, [batch], device=subject.device, precision=subject.precision)
    if not math.isfinite(seen.loss):
        raise NotFinite("the network's loss on adversarial images is not finite")
    return (seen.predicted == batch.labels.cpu()).tolist()
