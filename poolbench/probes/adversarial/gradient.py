"""The gradient of the loss with respect to the images."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poolbench.probes.api import NotFinite

# A training step at batch 128 on images of 32 x 32 holds as many pixels: where a network was
# trained, its input gradient fits as well, whatever the size of the images.
_PIXELS_AT_ONCE = 128 * 32 * 32


def images_at_once(image_size: tuple[int, int]) -> int:
    """Return how many images of (H, W) pixels to take the gradient at in one go, at least 1."""
    height, width = image_size
    return max(1, _PIXELS_AT_ONCE // (height * width))


def input_gradient(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient of the cross-entropy, summed over the batch, at the images.

    It is taken in float32 whatever the network was trained in: bfloat16 changes signs.

    Args:
        network: Pixels to logits, in eval mode, with parameters that ask for no gradient.
        images: Pixels ``(B, C, H, W)``.
        labels: Classes ``(B,)``.

    Returns:
        Of the shape and the memory format of the images.

    Raises:
        NotFinite: The loss or the gradient is not finite.
    """
    inputs = images.detach().clone().requires_grad_()
    loss = F.cross_entropy(network(inputs), labels, reduction="sum")
    if not loss.isfinite():
        raise NotFinite("the network's loss on the test images is not finite")
    (gradient,) = torch.autograd.grad(loss, inputs)
    if not gradient.isfinite().all():
        raise NotFinite("the gradient of the network's loss at the test images is not finite")
    return gradient
