"""The arithmetic of a network: how many digits its convolutions and matrix products keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from poolbench.core.cell import Precision
from poolbench.core.errors import BadInput, EnvironmentFault

# The first NVIDIA GPUs whose tensor cores take float32 are those of Ampere.
_FIRST_WITH_TF32 = (8, 0)


@contextmanager
def arithmetic(device: torch.device, precision: Precision) -> Iterator[None]:
    """Let passes of this context, forward and backward, compute as a precision says.

    ``tf32``: an NVIDIA GPU may round the factors of convolutions and matrix products to ten bits
    behind the point, and sums in float32. Else it may not, whatever torch's default is. A CPU
    knows nothing of it. The forward pass of ``bf16`` stands in :func:`autocast` besides.
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
    """Refuse a device that would compute in float32 what is asked for in tf32, and not say so.

    Raises:
        BadInput: It is a CPU.
        EnvironmentFault: It is a GPU from before tf32.
    """
    if device.type != "cuda":
        raise BadInput("tf32 is an arithmetic of NVIDIA GPUs, not of a CPU", "add --device cuda")
    if torch.cuda.get_device_capability(device) < _FIRST_WITH_TF32:
        raise EnvironmentFault(
            f"{torch.cuda.get_device_name(device)} has no tf32: that begins with compute "
            "capability 8.0",
            "take fp32 or bf16",
        )
