"""Our operators in a network that was built elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import Any

from torch import Tensor, nn

from poolbench.core.errors import BadInput, did_you_mean
from poolbench.models.found_pools import FoundPool, pooling_modules
from poolbench.models.observed_run import find_pools
from poolbench.models.replaced_pools import replace_pools
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
    """Replace pools of a network by an operator, of its dtype and device, in place.

    Args:
        module: Any network: torchvision's, timm's, a user's.
        name: The operator.
        sites: What to replace: ``head``, global pools; ``se``, squeezes, whose result weighs the
            maps that they pool; ``window``, max and average pools with a window. Padding is then
            never an element of a window, even if it was before.
        images: Normalised images ``(N, C, H, W)`` to run through the network once. They find the
            pools that are called as functions and the squeezes of any library, and tell channels
            and grid to an operator that has to know them, as with ``learn="channel"``. Without
            them only modules are replaced, and only torchvision's squeezes are told from heads.
        options: The operator's own options, ``channels`` and ``grid``.

    Returns:
        Paths of the replaced pools; see :class:`poolbench.models.found_pools.FoundPool`.

    Raises:
        BadInput: There is no pool at a site, the operator does not fit, or torch.fx cannot trace
            the code that calls a pool; the network is unchanged.
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
    found = pooling_modules(module) if images is None else find_pools(module, images)
    chosen = [pool for pool in found if pool.group in wanted]
    for site in wanted:
        if not any(pool.group == site for pool in chosen):
            raise BadInput(
                f"the network has no {'pooling module' if images is None else 'pool'} for '{site}'",
                "pass images=..., which finds the pools that are called as functions"
                if images is None
                else f"it has {', '.join(sorted({pool.group for pool in found})) or 'no pools'}",
            )
    operators = [_operator(name, pool, options) for pool in chosen]
    tensors = chain(module.parameters(), module.buffers())
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), None)
    if like is not None:
        operators = [operator.to(like) for operator in operators]
    replace_pools(module, chosen, operators)
    return [pool.path for pool in chosen]


def _operator(name: str, pool: FoundPool, options: dict[str, Any]) -> nn.Module:
    if pool.refusal:
        raise BadInput(f"{pool.path} {pool.refusal}, which operators do not support")
    seen = {"channels": pool.maps[0], "grid": pool.pooled_grid} if any(pool.maps) else {}
    return create(name, **pool.geometry.window, **(seen | options))
