"""Kernels of maxima and smooth maxima: fused code where it applies, torch elsewhere.

All kernels give the same numbers, up to rounding of the result; for smooth maxima ``eager`` is the
reference, and covers everything. ``POOLBENCH_KERNELS=eager`` switches the others off.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Protocol

import torch
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.operators.kernels import eager
from poolbench.operators.recording import is_plain
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


class PeaksKernel(Protocol):
    """A module that computes maxima, means and, with ``HAS_PRODUCTS``, products with weights."""

    __name__: str
    HAS_PRODUCTS: bool

    def covers(self, x: Tensor) -> bool:
        """Return whether it supports such maps on this machine."""

    def forward(
        self, x: Tensor, weight: Tensor | None, window: Window | None, *, with_mean: bool
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the maximum, the mean, the product and the argmax."""

    def backward(
        self,
        to_peak: Tensor,
        to_mean: Tensor | None,
        to_product: Tensor | None,
        argmax: Tensor,
        maps: Tensor,
        weight: Tensor | None,
        window: Window | None,
    ) -> Tensor:
        """Return the gradient of the maps."""

    def weigh(self, to_product: Tensor, x: Tensor, weight: Tensor, window: Window | None) -> Tensor:
        """Return the gradient of the weights."""


def kernel_for(x: Tensor) -> Kernel:
    """Return the fastest kernel that supports the maps.

    Compilers, tracers and tensors without their own memory get plain tensor operations.

    Args:
        x: Maps, ``(N, C, H, W)``.

    Raises:
        BadInput: ``POOLBENCH_KERNELS`` has an unknown value.
    """
    if not is_plain(x) or _is_switched_off():
        return eager
    if x.device.type == "cpu":
        from poolbench.operators.kernels import native

        return native if native.covers(x) else eager
    if x.device.type == "cuda" and find_spec("triton"):
        from poolbench.operators.kernels import gpu

        return gpu if gpu.covers(x) else eager
    return eager


def peaks_for(x: Tensor, *, with_product: bool = False) -> PeaksKernel | None:
    """Return the fused code for maxima and means of maps; ``None`` to use torch's own.

    Args:
        x: Maps, ``(N, C, H, W)``.
        with_product: Whether products with weights are needed too.

    Raises:
        BadInput: ``POOLBENCH_KERNELS`` has an unknown value.
    """
    if not is_plain(x) or _is_switched_off():
        return None
    found = peaks_on(x.device)
    if found is None or not found.covers(x) or (with_product and not found.HAS_PRODUCTS):
        return None
    return found


def peaks_on(device: torch.device) -> PeaksKernel | None:
    """Return the fused code for maxima on a device, whatever maps it supports."""
    if device.type == "cpu":
        from poolbench.operators.kernels.native import peaks

        return peaks
    if device.type == "cuda" and find_spec("triton"):
        from poolbench.operators.kernels.gpu import peaks as gpu_peaks

        return gpu_peaks
    return None


def faults(device: torch.device) -> list[str]:
    """Return why fused code does not run on a device; empty if all of it does.

    Args:
        device: A CPU or an NVIDIA GPU.
    """
    if device.type == "cpu":
        from poolbench.operators.kernels import native

        found = [native.fault()]
    elif not find_spec("triton"):
        found = ["no GPU kernels: there is no triton"]
    else:
        from poolbench.operators.kernels.gpu import peaks, smooth_maximum

        found = [smooth_maximum.fault(device), peaks.fault(device)]
    return [reason for reason in found if reason is not None]


def unkept(device: torch.device) -> str | None:
    """Return why each process builds the fused code of a device anew; ``None`` if it is kept."""
    if device.type != "cpu":
        return None
    from poolbench.operators.kernels import native

    return native.unkept()


def _is_switched_off() -> bool:
    asked = os.environ.get("POOLBENCH_KERNELS", "")
    if asked not in ("", "eager"):
        raise BadInput(
            f"POOLBENCH_KERNELS is '{asked}'", "set it to eager, or leave it unset for fused code"
        )
    return asked == "eager"
