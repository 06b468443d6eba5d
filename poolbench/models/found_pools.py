"""The pools of a network that was built elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from poolbench.models.pool_geometry import Pair, PoolGeometry, of_module

Group = Literal["head", "se", "window", "stride"]
_SQUEEZES = {"SqueezeExcitation"}


@dataclass(frozen=True, kw_only=True)
class FoundPool:
    """A pool of a network, or a convolution with a stride.

    Args:
        path: Its module's path, or for a call in a module's ``forward`` that module's path and
            the name of the function: ``maxpool``, ``layers.mean``. The first of several calls of a
            function has its name alone, the next ones are ``mean_1``, ``mean_2``.
        group: ``head`` makes the features that are classified; ``se`` is a squeeze, whose result
            meets the maps again that it pooled; ``window`` has a window; ``stride`` is a strided
            convolution.
        geometry: What it does.
        module: The module itself, or the one whose ``forward`` calls it.
        function: Name of the function that is called; empty for a module.
        call: Its number among the pooling calls of that ``forward``, from 0; ``None`` for a module.
        maps: (C, H, W) of the maps that reach it; zeros if the network was not run.
    """

    path: str
    group: Group
    geometry: PoolGeometry
    module: nn.Module
    function: str = ""
    call: int | None = None
    maps: tuple[int, int, int] = (0, 0, 0)

    @property
    def pooled_grid(self) -> Pair:
        """(H, W) of what an operator in its place pools at a time, in pixels: map or cell of it."""
        _, height, width = self.maps
        rows, columns = self.geometry.output_size or (1, 1)
        return height // rows, width // columns

    @property
    def refusal(self) -> str:
        """Why no operator can take its place, after its path; empty if one can."""
        if self.geometry.refusal or self.geometry.output_size is None:
            return self.geometry.refusal
        (_, height, width), (rows, columns) = self.maps, self.geometry.output_size
        if height % rows or width % columns:
            return (
                f"makes {rows}x{columns} of maps of {height}x{width}, which do not divide into "
                "that many cells"
            )
        return ""


def pooling_modules(network: nn.Module) -> tuple[FoundPool, ...]:
    """Return the pooling modules inside a network, in the order of definition, without running it.

    Pools that are called as functions are not among them, and only torchvision's
    squeeze-and-excitation is recognised.
    """
    found = []
    for parent_path, parent in network.named_modules():
        for name, module in parent.named_children():
            geometry = of_module(module)
            if geometry is not None:
                path = f"{parent_path}.{name}" if parent_path else name
                is_squeeze = type(parent).__name__ in _SQUEEZES
                group: Group = "se" if is_squeeze else "head"
                group = group if geometry.output_size else "window"
                found.append(FoundPool(path=path, group=group, geometry=geometry, module=module))
    return tuple(found)
