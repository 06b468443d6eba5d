"""Which images a network that was built elsewhere takes, found without memory."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from poolbench.assembly.network import ANY_NUM_CLASSES, SitePools, build_body, model_spec
from poolbench.assembly.without_memory import without_memory
from poolbench.core.sites import FoundSite
from poolbench.models.found_pools import FoundPool
from poolbench.models.observed_run import find_pools

_COLOURS = 3
_USUAL_PX = 224
# They tell the stride of a network, whatever its padding.
_LARGER_PX = (256, 512)


def least_size_px(name: str) -> int | None:
    """Return the least side of square images that a network is trained on.

    That is what its layers take, and no less than its stride.

    Args:
        name: A network of another library.

    Returns:
        The side in pixels; ``None`` if it takes images of 224 x 224 alone.

    Raises:
        BadInput: The network is unknown.
    """
    with without_memory():
        body = _body(name)
        stride = _stride(body)
        if stride is None or _found(body, stride) is not None:
            return stride
        refused, taken = stride, _USUAL_PX
        while taken - refused > 1:
            side = (refused + taken) // 2
            refused, taken = (side, taken) if _found(body, side) is None else (refused, side)
    return taken


def stride_px(name: str) -> int | None:
    """Return the side of the square that an element of a network's last maps stands for.

    Args:
        name: A network of another library.

    Returns:
        The side in pixels, 1 if no head pools maps that grow with images; ``None`` if it takes
        images of 224 x 224 alone.

    Raises:
        BadInput: The network is unknown.
    """
    with without_memory():
        return _stride(_body(name))


def head_side(found: Iterable[FoundPool | FoundSite]) -> int:
    """Return the smaller side of the last maps that a head pools; 0 if there are none."""
    heads = [min(pool.maps[1:]) for pool in found if pool.group == "head"]
    return heads[-1] if heads else 0


def _body(name: str) -> nn.Module:
    return build_body(
        model_spec(name, {}, {}),
        in_channels=_COLOURS,
        num_classes=ANY_NUM_CLASSES,
        image_size=(_USUAL_PX, _USUAL_PX),
        pools=SitePools({}),
    )


def _found(body: nn.Module, side: int) -> tuple[FoundPool, ...] | None:
    try:
        return find_pools(body, torch.zeros(1, _COLOURS, side, side))
    except Exception:  # a network raises anything at images that it does not take
        return None


def _stride(body: nn.Module) -> int | None:
    found = [_found(body, side) for side in _LARGER_PX]
    if any(each is None for each in found):
        return None
    smaller, larger = (head_side(each or ()) for each in found)
    return (_LARGER_PX[1] - _LARGER_PX[0]) // (larger - smaller) if larger > smaller else 1
