"""One training step: from a batch to updated weights, without synchronising with the device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poolbench.core.cell import Recipe
from poolbench.training.arithmetic import arithmetic, autocast
from poolbench.training.optimizers import Optimizer


class Step:
    """One training step on a batch: gradients, and a step of the optimiser.

    Everything it changes keeps its memory address, and no decision depends on a value on the
    device; so ``training.captured`` can record it.

    Args:
        network: The network, trained in place.
        optimizer: The optimiser of its parameters; its rates are set before each step.
        recipe: Precision, label smoothing and clipping.
        loss_sum: float64 scalar on the device; the batch's loss, summed over images, is added.
    """

    def __init__(
        self, network: nn.Module, optimizer: Optimizer, recipe: Recipe, *, loss_sum: Tensor
    ) -> None:
        self._network, self._optimizer, self._recipe = network, optimizer, recipe
        self._loss_sum = loss_sum

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """Train on a batch.

        Args:
            images: Pixels in [0, 1], ``(B, C, H, W)``.
            labels: Classes, int64 ``(B,)``.
        """
        device, recipe = self._loss_sum.device, self._recipe
        self._optimizer.zero_grad()
        with arithmetic(device, recipe.precision):
            with autocast(device, recipe.precision):
                logits = self._network(images)
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)
            torch.autograd.backward(loss)
        if recipe.clip_norm is not None:
            nn.utils.clip_grad_norm_(self._network.parameters(), recipe.clip_norm)
        self._optimizer.step()
        self._loss_sum += loss.detach() * len(labels)
