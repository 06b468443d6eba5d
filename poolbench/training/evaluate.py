"""Evaluation: every image classified once."""

from __future__ import annotations

from collections import defaultdict
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
        confidence: Softmax probability of the predicted class, likewise.
        nll: Negative log-likelihood of the true class in nats, likewise; finite also where
            ``probability`` is too small for a float32.
        brier: Squared distance of the softmax probabilities from the true class as a one-hot
            vector, in [0, 2], likewise.
        correct: Number of images classified correctly.
        total: Number N of images.
        loss: Mean cross-entropy, without label smoothing.

    References:
        Brier 1950, Verification of forecasts expressed in terms of probability.
    """

    predicted: Tensor
    probability: Tensor
    confidence: Tensor
    nll: Tensor
    brier: Tensor
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
    seen: dict[str, list[Tensor]] = defaultdict(list)
    try:
        for batch in batches:
            with arithmetic(device, precision), autocast(device, precision):
                logits = network(batch.images).float()
            log_probabilities = F.log_softmax(logits, 1)
            nll = F.nll_loss(log_probabilities, batch.labels, reduction="none")
            probabilities = log_probabilities.exp()
            choice = logits.argmax(1)
            is_label = F.one_hot(batch.labels, logits.shape[1])
            seen["predicted"].append(choice)
            seen["probability"].append((-nll).exp())
            seen["confidence"].append(probabilities.amax(1))
            seen["nll"].append(nll)
            seen["brier"].append((probabilities - is_label).square().sum(1))
            seen["loss"].append(nll.double().sum())
            seen["correct"].append((choice == batch.labels).sum())
    finally:
        network.train(was_training)
    correct, loss = (torch.stack(seen.pop(name)).sum().item() for name in ("correct", "loss"))
    images = {name: torch.cat(parts).cpu() for name, parts in seen.items()}
    total = len(images["predicted"])
    return Evaluation(**images, correct=int(correct), total=total, loss=loss / total)
