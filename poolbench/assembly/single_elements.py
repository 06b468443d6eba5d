"""Operators on maps of one element, where there is nothing to pool."""

from __future__ import annotations

import torch

from poolbench.core.named import Named
from poolbench.operators.create import build

_ELEMENTS = 8
_SCALE = 4.0
_ROUNDING = 0.01


def keeps_one_element(pool: Named) -> bool:
    """Return whether an operator makes of a map of one element that element, but for rounding.

    Elements of both signs are tried: what holds only behind a ReLU does not count.

    Args:
        pool: The operator; one that cannot pool a whole map keeps nothing.
    """
    # In a dtype for which no fused code has to be compiled before a plan is shown.
    elements = torch.linspace(-_SCALE, _SCALE, _ELEMENTS).half()
    try:
        operator = build(pool.name, channels=_ELEMENTS, grid=(1, 1), **pool.options)
        with torch.no_grad():
            pooled = operator.eval()(elements.view(1, _ELEMENTS, 1, 1))
    except Exception:  # a plug-in's operator may raise anything; its cells will tell
        return False
    is_same_shape = pooled.shape == (1, _ELEMENTS)
    return bool(
        is_same_shape and torch.allclose(pooled[0].float(), elements.float(), atol=_ROUNDING)
    )
