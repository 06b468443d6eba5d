"""The gradient of the loss with respect to the images."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poolbench.probes.api import NotFinite

# As many pixels as a training step at batch 128 on images of 32 x 32: on a device that can train a
# network, its input gradient fits too, whatever the size of the images.
_PIXELS_AT_ONCE = 128 * 32 * 32


def images_at_once(image_size: tuple[int, int]) -> int:
    """Return the batch size for gradients at images of (H, W) pixels, at least 1."""
    height, width = image_size
    return max(1, _PIXELS_AT_ONCE // (height * width))


def input_gradient(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient of the cross-entropy, summed over the batch, at the images.

    It is computed in float32 whatever the network was trained in: bfloat16 changes signs.

    Args:
        network: From pixels to logits, in eval mode, with parameters that need no gradient.
        images: Pixels ``(B, C, H, W)``.
        labels: Classes ``(B,)``.

    Returns:
        The gradient, in the shape and memory format of the images.

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
