"""Finding and replacing the pooling modules of a network that was built elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

FoundSite = Literal["head", "se", "window"]

# timm is optional, so its modules are identified by name; its other pools contain torch's own.
_TIMM_POOLS = {
    "AdaptiveAvgMaxPool2d", "FastAdaptiveAvgPool", "FastAdaptiveMaxPool", "FastAdaptiveAvgMaxPool",
}  # fmt: skip
_SQUEEZES = {"SqueezeExcitation"}


@dataclass(frozen=True, kw_only=True)
class FoundPool:
    """A pooling module of a network.

    Args:
        name: Name of the module in ``named_modules``.
        site: ``head`` for a global pool, ``se`` for that of squeeze-and-excitation, ``window`` for
            a windowed pool.
        module: The module itself.
        keeps_grid: Whether its output is ``(N, C, H', W')``, with H' = W' = 1 for a whole map.
    """

    name: str
    site: FoundSite
    module: nn.Module
    keeps_grid: bool = True


class OnePixel(nn.Module):
    """Give a global pool the output shape of torch's adaptive pools, ``(N, C, 1, 1)``.

    Args:
        pool: Operator from maps to ``(N, C)``.
    """

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, 1, 1)`` for maps of shape ``(N, C, H, W)``."""
        return self.pool(x)[:, :, None, None]


def find_pools(network: nn.Module) -> tuple[FoundPool, ...]:
    """Return the pooling modules inside a network, in the order of its definition.

    These are torch's ``AdaptiveAvgPool2d`` and ``AdaptiveMaxPool2d`` to one pixel, timm's global
    pools, and torch's ``MaxPool2d`` and ``AvgPool2d``. Pools that a network calls as functions
    are not modules and cannot be found.
    """
    found = []
    for parent_name, parent in network.named_modules():
        for child_name, module in parent.named_children():
            name = f"{parent_name}.{child_name}" if parent_name else child_name
            if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
                found.append(FoundPool(name=name, site="window", module=module))
            elif _pools_whole_maps(module):
                is_squeeze = type(parent).__name__ in _SQUEEZES
                found.append(
                    FoundPool(
                        name=name,
                        site="se" if is_squeeze else "head",
                        module=module,
                        keeps_grid=not getattr(module, "flatten", False),
                    )
                )
    return tuple(found)


def pooled_shapes(
    network: nn.Module, found: Collection[FoundPool], images: Tensor
) -> dict[str, tuple[int, tuple[int, int]]]:
    """Run the network once in eval mode, and record the shapes that reach its pools.

    Args:
        network: The network; its mode is restored.
        found: The pools to observe.
        images: Normalised images ``(N, C, H, W)``, of the size seen in training.

    Returns:
        Channels and (H, W) by module name; pools that are never reached are left out.
    """
    shapes: dict[str, tuple[int, tuple[int, int]]] = {}

    def note(name: str, maps: Tensor) -> None:
        shapes[name] = (maps.shape[1], (maps.shape[2], maps.shape[3]))

    handles = [
        pool.module.register_forward_pre_hook(
            lambda _, inputs, name=pool.name: note(name, inputs[0])
        )
        for pool in found
    ]
    modes = {module: module.training for module in network.modules()}
    try:
        with torch.no_grad():
            network.eval()(images)
    finally:
        for module, was_training in modes.items():
            module.training = was_training
        for handle in handles:
            handle.remove()
    return shapes


def replace_pool(network: nn.Module, pool: FoundPool, operator: nn.Module) -> None:
    """Replace a pool by an operator, with the same mode and output shape.

    Args:
        network: The network with the pool.
        pool: The pool to replace.
        operator: From maps to ``(N, C)``, or for a window to ``(N, C, H', W')``.
    """
    is_global = pool.site != "window"
    wrapped = OnePixel(operator) if is_global and pool.keeps_grid else operator
    network.set_submodule(pool.name, wrapped.train(pool.module.training))


def _pools_whole_maps(module: nn.Module) -> bool:
    if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        return module.output_size in (1, (1, 1))
    if type(module).__name__ not in _TIMM_POOLS:
        return False
    # A pool over other dimensions belongs to a network with channels last.
    is_pixelwise = getattr(module, "dim", (2, 3)) != (2, 3)
    return not is_pixelwise and getattr(module, "output_size", 1) in (1, (1, 1))
