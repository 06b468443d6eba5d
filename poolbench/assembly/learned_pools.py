"""What the pooling operators of a cell learn: where it starts, and what stored weights hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import safetensors.torch
import torch
from torch import nn

from poolbench.assembly.network import SitePools, build_body, image_shape
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import Cell, Named
from poolbench.operators.learned import learned_parameters

Values = Mapping[str, tuple[float, ...]]
"""Elements of every learned parameter, by ``module.path.parameter``."""


class LearnedPools:
    """The pooling operators of a cell's network, built where they stand, without the network.

    Everything else of the network takes no memory: it only says which operator stands where.

    Args:
        cell: The cell.

    Attributes:
        start: The values that its training starts from.
    """

    def __init__(self, cell: Cell) -> None:
        channels, height, width = image_shape(cell)
        pools = _PoolsWithMemory(cell.model.pools)
        with without_memory():
            self._body = build_body(
                cell.model,
                in_channels=channels,
                num_classes=1,  # no pool depends on it
                image_size=(height, width),
                pools=pools,
            )
        self._sites = pools.sites
        self.start = self._values()

    def end(self, weights: bytes) -> Values:
        """Return the values in stored weights.

        Raises:
            RuntimeError: They are not the weights of this network.
        """
        stored = safetensors.torch.load(weights)
        for path in {name.rpartition(".")[0] for name in self.start}:
            operator = self._body.get_submodule(path)
            keys = {key: self.stored_name(f"{path}.{key}") for key in operator.state_dict()}
            operator.load_state_dict({key: stored[full] for key, full in keys.items()})
        return self._values()

    def stored_name(self, name: str) -> str:
        """Return what weights and histories of a run call a value."""
        return f"body.{name}"  # the wrapper that normalises pixels holds the network as its body

    def _values(self) -> Values:
        learned = learned_parameters(self._body)
        return {name: tuple(value.flatten().tolist()) for name, value in learned.items()}

    def label(self, name: str) -> str:
        """Return a value's name by its site: ``head.temperature``, ``se-2.temperature``."""
        path, _, leaf = name.rpartition(".")
        operator = self._body.get_submodule(path)
        site = self._sites[operator]
        here = [other for other, its_site in self._sites.items() if its_site == site]
        number = here.index(operator) + 1
        return f"{site}-{number}.{leaf}" if len(here) > 1 else f"{site}.{leaf}"

    def is_positive(self, name: str) -> bool:
        """Whether a value is learned as its logarithm."""
        path, _, leaf = name.rpartition(".")
        return f"log_{leaf}" in dict(self._body.get_submodule(path).named_parameters())


class _PoolsWithMemory(SitePools):
    """Pools that are real where the network around them is not; ``sites`` says where each is."""

    def __init__(self, pools: Mapping[str, Named]) -> None:
        super().__init__(pools)
        self.sites: dict[nn.Module, str] = {}

    def __call__(self, site: str, **call: Any) -> nn.Module:
        with torch.device("cpu"):
            operator = super().__call__(site, **call)
        self.sites[operator] = site
        return operator
