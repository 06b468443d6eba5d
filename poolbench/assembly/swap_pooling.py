"""Our operators in a network that was built elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import Any

from torch import Tensor, nn

from poolbench.core.errors import BadInput, did_you_mean
from poolbench.models.found_pools import FoundPool, find_pools, pooled_shapes, replace_pool
from poolbench.operators.create import create

_SITES = ("head", "se", "window")
_GEOMETRY = ("kernel_size", "stride", "padding", "ceil_mode")


def swap_pooling(
    module: nn.Module,
    name: str,
    *,
    sites: str | Collection[str] = "head",
    images: Tensor | None = None,
    **options: Any,
) -> list[str]:
    """Replace the pooling modules of a network by an operator, of its dtype and device, in place.

    Args:
        module: Any network whose pools are modules: torchvision's, timm's, a user's.
        name: The operator.
        sites: What to replace: ``head``, global pools; ``se``, those of torchvision's
            squeeze-and-excitation; ``window``, max and average pools with a window. Padding is
            then never an element of a window, even if it was before.
        images: Normalised images ``(N, C, H, W)`` to run through the network once, if the
            operator has to know channels or grid, as with ``learn="channel"``.
        options: The operator's own options, ``channels`` and ``grid``.

    Returns:
        Names of the replaced modules.

    Raises:
        BadInput: There is no pool at a site, or the operator does not fit; the network is
            unchanged.
    """
    if not isinstance(module, nn.Module):
        raise BadInput(f"expected a network, got {module!r}", "pass a torch.nn.Module")
    wanted = (sites,) if isinstance(sites, str) else tuple(sites)
    for site in wanted:
        if site not in _SITES:
            raise BadInput(f"unknown site '{site}'", did_you_mean(site, _SITES))
    for key in _GEOMETRY:
        if key in options:
            raise BadInput(f"{key} is taken from the replaced pool", "leave it out")
    chosen = [found for found in find_pools(module) if found.site in wanted]
    for site in wanted:
        if not any(found.site == site for found in chosen):
            raise BadInput(
                f"the network has no pooling module for '{site}'",
                "pools that are called as functions cannot be replaced",
            )
    shapes = pooled_shapes(module, chosen, images) if images is not None else {}
    operators = []
    for found in chosen:
        keywords: dict[str, Any] = {}
        if found.name in shapes:
            keywords["channels"], keywords["grid"] = shapes[found.name]
        operators.append(create(name, **_geometry(found), **(keywords | options)))
    tensors = chain(module.parameters(), module.buffers())
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), None)
    for found, operator in zip(chosen, operators, strict=True):
        replace_pool(module, found, operator if like is None else operator.to(like))
    return [found.name for found in chosen]


def _geometry(found: FoundPool) -> dict[str, Any]:
    if found.site != "window":
        return {}
    if getattr(found.module, "dilation", 1) not in (1, (1, 1)):
        raise BadInput(f"{found.name} is dilated, which operators do not support")
    if getattr(found.module, "return_indices", False):
        raise BadInput(f"{found.name} returns indices, which operators do not support")
    if getattr(found.module, "divisor_override", None) is not None:
        raise BadInput(f"{found.name} has a divisor_override, which operators do not support")
    return {key: getattr(found.module, key) for key in _GEOMETRY}
