"""Whether code may look into a tensor, or somebody records the operations on it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def is_plain(x: Tensor) -> bool:
    """Return whether a tensor has memory of its own, and no compiler or tracer follows it."""
    is_traced: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    is_followed = is_traced or torch.compiler.is_compiling()
    return type(x) in (Tensor, nn.Parameter) and not is_followed


def is_readable(x: Tensor) -> bool:
    """Return whether code may branch on the values of a tensor, at no cost worth mentioning.

    Not on a GPU, which would have to finish its work first, nor inside a function transform.
    """
    is_transformed = torch._C._functorch.maybe_current_level() is not None
    return is_plain(x) and x.device.type == "cpu" and not is_transformed


def is_finite(x: Tensor) -> bool:
    """Return whether all elements of a tensor are known to be finite.

    One fast pass over it: for choosing between the formula for ordinary numbers and a slower one
    for all. Not known are elements that may not be read, and some of those whose sum overflows.
    """
    return is_readable(x) and math.isfinite(x.detach().sum().item())
