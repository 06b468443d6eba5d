"""Whether somebody records the operations on a tensor: compilers, tracers, tensors of another kind."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def is_plain(x: Tensor) -> bool:
    """Return whether a tensor has its own memory, and no compiler or tracer follows it.

    Only then may code read values or addresses, and choose by them.
    """
    is_traced: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    is_followed = is_traced or torch.compiler.is_compiling()
    return type(x) in (Tensor, nn.Parameter) and not is_followed
