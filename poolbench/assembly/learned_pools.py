"""Learned parameters of a cell's pooling operators: initial values, and those in weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import safetensors.torch
import torch
from torch import nn

from poolbench.assembly.network import SitePools, build_body, image_shape
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import Cell
from poolbench.core.named import Named
from poolbench.operators.learned import learned_parameters

Values = Mapping[str, tuple[float, ...]]
"""Elements of every learned parameter by ``module.path.parameter``."""


class LearnedPools:
    """The pooling operators of a cell's network, in place, without memory for the rest.

    The rest of the network is built without storage, only to know which operator is where.

    Args:
        cell: The cell.

    Attributes:
        start: Values before training.
    """

    def __init__(self, cell: Cell) -> None:
        channels, height, width = image_shape(cell)
        pools = _PoolsWithMemory(cell.model.pools)
        with without_memory():
            self._body = build_body(
                cell.model,
                in_channels=channels,
                num_classes=1,  # no pool depends on this
                image_size=(height, width),
                pools=pools,
            )
        self._sites = pools.sites
        self.start = self._values()

    def end(self, weights: bytes) -> Values:
        """Return the values in stored weights.

        Args:
            weights: Content of a safetensors file.

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
        """Return the name of a value in a run's weights and history."""
        return f"body.{name}"  # the network is the body of a wrapper that normalises pixels

    def _values(self) -> Values:
        learned = learned_parameters(self._body)
        return {name: tuple(value.flatten().tolist()) for name, value in learned.items()}

    def label(self, name: str) -> str:
        """Return a value's label by its site: ``head.temperature``, ``se-2.temperature``."""
        path, _, leaf = name.rpartition(".")
        operator = self._body.get_submodule(path)
        site = self._sites[operator]
        here = [other for other, its_site in self._sites.items() if its_site == site]
        number = here.index(operator) + 1
        return f"{site}-{number}.{leaf}" if len(here) > 1 else f"{site}.{leaf}"

    def is_positive(self, name: str) -> bool:
        """Return whether a value is learned as its logarithm."""
        path, _, leaf = name.rpartition(".")
        return f"log_{leaf}" in dict(self._body.get_submodule(path).named_parameters())


class _PoolsWithMemory(SitePools):
    """Pools with memory in a network without; ``sites`` maps each to its site."""

    def __init__(self, pools: Mapping[str, Named]) -> None:
        super().__init__(pools)
        self.sites: dict[nn.Module, str] = {}

    def __call__(self, site: str, **call: Any) -> nn.Module:
        with torch.device("cpu"):
            operator = super().__call__(site, **call)
        self.sites[operator] = site
        return operator
