"""The numerical precision of a network's convolutions and matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from poolbench.core.cell import Precision
from poolbench.core.errors import BadInput, EnvironmentFault

# Ampere GPUs were the first whose tensor cores take float32.
_FIRST_WITH_TF32 = (8, 0)


@contextmanager
def arithmetic(device: torch.device, precision: Precision) -> Iterator[None]:
    """Set the precision of forward and backward passes in this context.

    ``tf32``: an NVIDIA GPU may round the inputs of convolutions and matrix products to ten bits
    after the point, and sums in float32. Otherwise it may not, whatever torch's default is. A CPU
    is not affected. The forward pass of ``bf16`` also needs :func:`autocast`.
    """
    if device.type != "cuda":
        yield
        return
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.allow_tf32, matmul.allow_tf32
    cudnn.allow_tf32 = matmul.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        cudnn.allow_tf32, matmul.allow_tf32 = before


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Return the context of a forward pass: autocast for ``bf16``, or nothing."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def check_tf32(device: torch.device) -> None:
    """Reject a device that would silently use float32 instead of tf32.

    Raises:
        BadInput: It is a CPU.
        EnvironmentFault: It is a GPU without tf32.
    """
    if device.type != "cuda":
        raise BadInput("tf32 needs an NVIDIA GPU, not a CPU", "add --device cuda")
    if torch.cuda.get_device_capability(device) < _FIRST_WITH_TF32:
        raise EnvironmentFault(
            f"{torch.cuda.get_device_name(device)} has no tf32: that needs compute capability 8.0",
            "use fp32 or bf16",
        )
