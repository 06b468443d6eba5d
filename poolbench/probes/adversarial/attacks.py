"""Foolbox's attacks, with the gradient and the random start passed in."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

with warnings.catch_warnings():
    # Foolbox 3.3.4 imports from a deprecated module of scipy, for an attack that is not used here.
    warnings.filterwarnings("ignore", "Please import `gaussian_filter`", DeprecationWarning)
    from foolbox.attacks.base import FixedEpsilonAttack
    from foolbox.attacks.fast_gradient_method import L2FastGradientAttack, LinfFastGradientAttack
    from foolbox.attacks.projected_gradient_descent import LinfProjectedGradientDescentAttack
    from foolbox.models.base import Model
    from foolbox.models.pytorch import PyTorchModel


class _GivenGradient:
    """A single-step attack with a given gradient.

    Foolbox recomputes the gradient for every epsilon, although without a random start it is always
    the gradient at the images themselves. All other arithmetic is foolbox's.

    Args:
        gradient: Gradient of the loss with respect to the images, ``(B, C, H, W)``.
    """

    def __init__(self, gradient: Tensor) -> None:
        super().__init__()
        self._gradient = gradient

    def value_and_grad(self, loss_fn: Any, x: Any) -> tuple[Any, Any]:  # noqa: ARG002
        """Return no loss, which foolbox ignores, and the gradient."""
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
        position: Start in the ball around each image, uniform in [0, 1), ``(B, C, H, W)``.
        steps: Number of gradient steps.
        rel_stepsize: Step size, as a multiple of epsilon.
        on_gradient: Called with the number of images after each gradient; may raise to stop.

    References:
        Madry, Makelov, Schmidt, Tsipras, Vladu 2018 (arXiv:1706.06083).
    """

    def __init__(
        self,
        position: Tensor,
        *,
        steps: int,
        rel_stepsize: float,
        on_gradient: Callable[[int], None],
    ) -> None:
        super().__init__(steps=steps, rel_stepsize=rel_stepsize, random_start=True)
        self._position, self._on_gradient = position, on_gradient

    def get_random_start(self, x0: Any, epsilon: float) -> Any:
        """Return the start by foolbox's formula, which draws the position globally."""
        return x0 + type(x0)(self._position * (epsilon - -epsilon) + -epsilon)

    def value_and_grad(self, loss_fn: Any, x: Any) -> tuple[Any, Any]:
        """Return foolbox's loss and gradient."""
        found: tuple[Any, Any] = super().value_and_grad(loss_fn, x)
        self._on_gradient(len(self._position))
        return found


def attackable(network: nn.Module, device: torch.device) -> Model:
    """Return a network as a foolbox model, with bounds [0, 1].

    Args:
        network: From pixels in [0, 1] to logits, in eval mode, on the device.
        device: Device of network and images.
    """
    return PyTorchModel(network, bounds=(0, 1), device=device)


def perturb(
    attack: FixedEpsilonAttack, model: Model, images: Tensor, labels: Tensor, epsilon: float
) -> Tensor:
    """Return adversarial images, within epsilon and [0, 1].

    They are the "clipped adversarials" of foolbox's own call, which would also classify them.

    Args:
        attack: The attack.
        model: The model to attack.
        images: Pixels in [0, 1], ``(B, C, H, W)``.
        labels: Classes ``(B,)``.
        epsilon: Size of the perturbation, at least 0, for pixels in [0, 1].
    """
    if epsilon == 0:
        return images
    found = attack.run(model, images, labels, epsilon=epsilon)
    return attack.distance.clip_perturbation(images, found, epsilon)
