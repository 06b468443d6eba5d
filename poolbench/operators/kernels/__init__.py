"""Who computes a smooth maximum: fused code where it covers the case, plain tensors elsewhere.

Every kernel gives the same numbers, up to roundings of the result; ``eager`` is what they are held
to, and covers everything. ``POOLBENCH_KERNELS=eager`` switches the others off.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Protocol

import torch
from torch import Tensor, nn

from poolbench.operators.kernels import eager
from poolbench.operators.window import Window

OPERATIONS = ("lse", "lae", "softpool")
"""``t log sum exp(z/t)``, ``t log mean exp(z/t)`` and ``sum softmax(z/t) z``."""


class Kernel(Protocol):
    """A module that computes the smooth maxima; ``operation`` is one of ``OPERATIONS``."""

    __name__: str

    def forward(
        self, x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return y, m, the logarithm and, for softpool, the centre (empty for the others)."""

    def backward(
        self,
        upstream: Tensor,
        x: Tensor,
        log_temperature: Tensor,
        peak: Tensor,
        logarithm: Tensor,
        centre: Tensor,
        window: Window | None,
        operation: str,
    ) -> tuple[Tensor, Tensor]:
        """Return the gradient of x, and that of log t for each map, ``(N, C)``, float64."""


def kernel_for(x: Tensor) -> Kernel:
    """Return the fastest kernel that covers the maps.

    Compilers and tensors without memory of their own see plain tensor operations.

    Args:
        x: Maps, ``(N, C, H, W)``.
    """
    if not _is_plain(x):
        return eager
    if x.device.type == "cpu":
        from poolbench.operators.kernels import native

        return native if native.covers(x) else eager
    if x.device.type == "cuda" and find_spec("triton"):
        from poolbench.operators.kernels import gpu

        return gpu if gpu.covers(x) else eager
    return eager


def has_fused_peaks(x: Tensor) -> bool:
    """Tell whether there is fused code for the maxima of maps, ``(N, C, H, W)``, and their means.

    Elsewhere torch's own pooling serves.
    """
    if x.device.type != "cpu" or not _is_plain(x):
        return False
    from poolbench.operators.kernels.native import peaks

    return peaks.covers(x)


def _is_plain(x: Tensor) -> bool:
    """Tell whether fused code may have the tensor: no compiler looks on, and it has memory."""
    is_ours = type(x) in (Tensor, nn.Parameter) and not torch.compiler.is_compiling()
    return is_ours and os.environ.get("POOLBENCH_KERNELS") != "eager"
