"""Foolbox's attacks, told two things from outside: where the gradient points, where to start."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

with warnings.catch_warnings():
    # Foolbox 3.3.4 imports an attack of no interest here from a place that scipy has deprecated.
    warnings.filterwarnings("ignore", "Please import `gaussian_filter`", DeprecationWarning)
    from foolbox.attacks.base import FixedEpsilonAttack
    from foolbox.attacks.fast_gradient_method import L2FastGradientAttack, LinfFastGradientAttack
    from foolbox.attacks.projected_gradient_descent import LinfProjectedGradientDescentAttack
    from foolbox.models.base import Model
    from foolbox.models.pytorch import PyTorchModel


class _GivenGradient:
    """A single-step attack that is told the gradient.

    Foolbox takes the gradient anew for every epsilon, although without a random start it is always
    the gradient at the images themselves. All other arithmetic stays foolbox's.

    Args:
        gradient: Of the loss with respect to the images, ``(B, C, H, W)``.
    """

    def __init__(self, gradient: Tensor) -> None:
        super().__init__()
        self._gradient = gradient

    def value_and_grad(self, loss_fn: Any, x: Any) -> tuple[Any, Any]:  # noqa: ARG002
        """Return no loss, which foolbox does not look at, and the gradient."""
        return None, type(x)(self._gradient)


class SignStep(_GivenGradient, LinfFastGradientAttack):
    """One step of FGSM: ``clip(x + epsilon sign(g), 0, 1)`` for the gradient g.

    References:
        Goodfellow, Shlens, Szegedy 2015 (arXiv:1412.6572).
    """


class EuclideanStep(_GivenGradient, L2FastGradientAttack):
    """One step of FGM: ``clip(x + epsilon g / |g|, 0, 1)`` for the gradient g."""


class Descent(LinfProjectedGradientDescentAttack):
    """Projected gradient descent in the maximum norm, from a given start.

    Args:
        place: Where in the ball around each image to start, uniform in [0, 1), ``(B, C, H, W)``.
        steps: Gradients taken.
        rel_stepsize: Length of a step, as a multiple of epsilon.
        on_gradient: Given the number of images after each gradient; may raise to stop.

    References:
        Madry, Makelov, Schmidt, Tsipras, Vladu 2018 (arXiv:1706.06083).
    """

    def __init__(
        self, place: Tensor, *, steps: int, rel_stepsize: float, on_gradient: Callable[[int], None]
    ) -> None:
        super().__init__(steps=steps, rel_stepsize=rel_stepsize, random_start=True)
        self._place, self._on_gradient = place, on_gradient

    def get_random_start(self, x0: Any, epsilon: float) -> Any:
        """Return the start by foolbox's formula, which draws ``place`` from the global stream."""
        return x0 + type(x0)(self._place * (epsilon - -epsilon) + -epsilon)

    def value_and_grad(self, loss_fn: Any, x: Any) -> tuple[Any, Any]:
        """Return foolbox's loss and gradient."""
        found: tuple[Any, Any] = super().value_and_grad(loss_fn, x)
        self._on_gradient(len(self._place))
        return found


def attackable(network: nn.Module, device: torch.device) -> Model:
    """Return a network as foolbox takes it, with bounds [0, 1].

    Args:
        network: Pixels in [0, 1] to logits, in eval mode, on the device.
        device: Where network and images are.
    """
    return PyTorchModel(network, bounds=(0, 1), device=device)


def perturb(
    attack: FixedEpsilonAttack, model: Model, images: Tensor, labels: Tensor, epsilon: float
) -> Tensor:
    """Return adversarial images, within epsilon and [0, 1].

    They are the "clipped adversarials" of foolbox's own call, which would classify them as well.

    Args:
        attack: What to do.
        model: What is attacked.
        images: Pixels in [0, 1], ``(B, C, H, W)``.
        labels: Classes ``(B,)``.
        epsilon: Size of the perturbation, at least 0, in the unit of the pixels.
    """
    if epsilon == 0:
        return images
    found = attack.run(model, images, labels, epsilon=epsilon)
    return attack.distance.clip_perturbation(images, found, epsilon)
