"""Fused C for the CPU: smooth maxima here, maxima and means in ``peaks``."""

from __future__ import annotations

from poolbench.operators.kernels.native.library import fault, unkept
from poolbench.operators.kernels.native.smooth_maximum import backward, covers, forward

__all__ = ["backward", "covers", "fault", "forward", "unkept"]
