"""The maximum, computed by a ReLU network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.base import PlainOperator
from poolbench.operators.elements import (
    as_output,
    check_maps,
    gather_elements,
    without_autocast,
)
from poolbench.operators.recording import is_finite
from poolbench.operators.window import Window


class ReluMaximum(PlainOperator):
    """Maximum of the window, built from pairwise ReLU blocks in ceil(log2 n) layers.

    ``max(a, b) = relu(a - b) + relu(b) - relu(-b)``. It has the values and gradients of ``max``
    and exists for comparison with it.

    References:
        Lemma 1 of "The Theoretical Expressiveness of Maxpooling".
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return relu_maximum(x, window=self.window)


def relu_maximum(x: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the maximum of each window as a tree of ReLU blocks over neighbouring elements.

    Ties give the whole gradient to the first element in row-major order. An odd element out passes
    a layer unchanged, as a pair of relu(z) and relu(-z) would carry it.

    Args:
        x: Maps, ``(N, C, H, W)``, floating. Pairs without a finite difference skip the blocks:
            the larger wins.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: a block rounds to 1 part in 2**53 of its larger argument, so results in float32
    equal those of max unless they are 2**29 times smaller than the elements they exceed.
    """
    check_maps(x, window)
    with without_autocast(x):
        values = gather_elements(x.double(), window, padding=-torch.inf)
        has_differences = is_finite(2.0 * values.abs())
        layer = _finite_layer if has_differences else _layer
        while values.shape[-1] > 1:
            values = layer(values)
        return as_output(values.squeeze(-1), x, window)


def _finite_layer(values: Tensor) -> Tensor:
    paired = values.shape[-1] // 2 * 2
    a, b = values[..., 0:paired:2], values[..., 1:paired:2]
    return torch.cat([_block(a, b), values[..., paired:]], -1)


def _layer(values: Tensor) -> Tensor:
    paired = values.shape[-1] // 2 * 2
    a, b = values[..., 0:paired:2], values[..., 1:paired:2]
    has_difference = (a - b).detach().abs() < torch.inf
    winners = _block(a.where(has_difference, 0.0), b.where(has_difference, 0.0))
    larger = b.where((b > a) | b.isnan(), a)
    return torch.cat([winners.where(has_difference, larger), values[..., paired:]], -1)


def _block(a: Tensor, b: Tensor) -> Tensor:
    # Slopes at 0 of 1, 1 and 0: with any other choice the gradient is lost or doubled at b = 0,
    # where most activations are, or a tie does not go to the first element.
    return _relu_rising_at_zero(a - b) + _relu_rising_at_zero(b) - F.relu(-b)


def _relu_rising_at_zero(z: Tensor) -> Tensor:
    # Written so that NaN propagates, as in relu.
    return z.masked_fill(z < 0, 0.0)
