"""Triton on a GPU: smooth maxima here, maxima and means in ``peaks``."""

from __future__ import annotations

from poolbench.operators.kernels.gpu.smooth_maximum import backward, covers, forward

__all__ = ["backward", "covers", "forward"]
