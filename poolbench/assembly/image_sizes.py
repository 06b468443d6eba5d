"""Which images a network that was built elsewhere takes, found without memory."""

from __future__ import annotations

import torch
from torch import nn

from poolbench.assembly.network import ANY_NUM_CLASSES, SitePools, build_body, model_spec
from poolbench.assembly.without_memory import without_memory
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
        body = build_body(
            model_spec(name, {}, {}),
            in_channels=_COLOURS,
            num_classes=ANY_NUM_CLASSES,
            image_size=(_USUAL_PX, _USUAL_PX),
            pools=SitePools({}),
        )
        larger = [_found(body, side) for side in _LARGER_PX]
        if any(found is None for found in larger):
            return None
        taken = _stride([_head_side(found or ()) for found in larger])
        if _found(body, taken) is None:
            refused, taken = taken, _USUAL_PX
            while taken - refused > 1:
                side = (refused + taken) // 2
                refused, taken = (side, taken) if _found(body, side) is None else (refused, side)
    return taken


def _found(body: nn.Module, side: int) -> tuple[FoundPool, ...] | None:
    try:
        return find_pools(body, torch.zeros(1, _COLOURS, side, side))
    except Exception:  # a network raises anything at images that it does not take
        return None


def _head_side(found: tuple[FoundPool, ...]) -> int:
    heads = [min(pool.maps[1:]) for pool in found if pool.group == "head"]
    return heads[-1] if heads else 0


def _stride(sides: list[int]) -> int:
    smaller, larger = sides
    return (_LARGER_PX[1] - _LARGER_PX[0]) // (larger - smaller) if larger > smaller else 1
