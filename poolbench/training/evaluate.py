"""Evaluation: every image classified once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poolbench.core.batch import Batch
from poolbench.core.cell import Precision
from poolbench.training.arithmetic import arithmetic, autocast


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A network's predictions on a split.

    Args:
        predicted: Predicted class of each image, in the split's order, int64 ``(N,)`` on the CPU.
        probability: Softmax probability of the true class, float32 ``(N,)`` on the CPU.
        correct: Number of images classified correctly.
        total: Number N of images.
        loss: Mean cross-entropy, without label smoothing.
    """

    predicted: Tensor
    probability: Tensor
    correct: int
    total: int
    loss: float


@torch.no_grad()
def evaluate(
    network: nn.Module,
    batches: Iterable[Batch],
    *,
    device: torch.device,
    precision: Precision = "fp32",
) -> Evaluation:
    """Classify every image in eval mode, and restore the network's mode.

    Args:
        network: From pixels ``(B, C, H, W)`` to logits ``(B, num_classes)``.
        batches: Every image of a split, once.
        device: Device of network and batches.
        precision: Precision of the forward pass.
    """
    was_training = network.training
    network.eval()
    predicted, probability, losses, hits = [], [], [], []
    try:
        for batch in batches:
            with arithmetic(device, precision), autocast(device, precision):
                logits = network(batch.images).float()
            log_probability = -F.cross_entropy(logits, batch.labels, reduction="none")
            choice = logits.argmax(1)
            predicted.append(choice)
            probability.append(log_probability.exp())
            losses.append(-log_probability.double().sum())
            hits.append((choice == batch.labels).sum())
    finally:
        network.train(was_training)
    classes = torch.cat(predicted).cpu()
    return Evaluation(
        predicted=classes,
        probability=torch.cat(probability).float().cpu(),
        correct=int(torch.stack(hits).sum()),
        total=len(classes),
        loss=float(torch.stack(losses).sum()) / len(classes),
    )
