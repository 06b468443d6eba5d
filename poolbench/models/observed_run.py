"""Finding the pools of a network that was built elsewhere, by running it once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from poolbench.models.found_pools import FoundPool, Group
from poolbench.models.pool_geometry import PoolGeometry, of_call, of_module, of_strided


def find_pools(network: nn.Module, images: Tensor) -> tuple[FoundPool, ...]:
    """Run a network once in eval mode, and return its pools in the order of its forward pass.

    Args:
        network: The network, which may be on the meta device; its mode is restored.
        images: Normalised images ``(N, C, H, W)``, of the size seen in training.

    Raises:
        Exception: Whatever the network raises for such images.
    """
    run = _Run()
    with run.watching(network), torch.no_grad(), run:
        run.follow(images := images.detach())
        network(images)
    return tuple(run.found.values())


class _Run(TorchFunctionMode):
    """Notes the pools that a forward pass reaches, and what becomes of their results.

    Each tensor that depends on the images notes the global pools before it. A result that meets a
    tensor which none but the pools before its own input have touched, such as that input, is a
    squeeze: it weighs maps, and is not what is classified.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, FoundPool] = {}
        self._before: dict[str, frozenset[str]] = {}
        self._inside: list[tuple[str, nn.Module]] = []
        self._calls: list[list[str]] = []

    @contextmanager
    def watching(self, network: nn.Module) -> Iterator[None]:
        modes = {module: module.training for module in network.modules()}
        handles = []
        for path, module in network.named_modules():
            handles.append(
                module.register_forward_pre_hook(
                    lambda module, args, path=path: self._enter(path, module, args)
                )
            )
            handles.append(module.register_forward_hook(self._leave))
        try:
            network.eval()
            yield
        finally:
            for module, was_training in modes.items():
                module.training = was_training
            for handle in handles:
                handle.remove()

    def follow(self, value: Any, after: frozenset[str] = frozenset()) -> None:
        for tensor in tree_leaves(value):
            if isinstance(tensor, Tensor):
                tensor.pools_before = after  # type: ignore[attr-defined]

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        keywords = kwargs or {}
        if func is F.batch_norm and args[0].is_meta:
            # torch takes it apart in Python, which is most of a run that is of shapes alone.
            result = torch.empty_like(args[0])
        else:
            result = func(*args, **keywords)
        inputs = _followed((args, keywords))
        if not inputs or not any(isinstance(leaf, Tensor) for leaf in tree_leaves(result)):
            return result
        after = frozenset[str]().union(*inputs)
        for path in after:
            if any(path not in other and other <= self._before[path] for other in inputs):
                self.found[path] = replace(self.found[path], group="se")
        if not (self._inside and of_module(self._inside[-1][1])):
            after |= self._note_call(getattr(func, "__name__", ""), args, keywords, after)
        self.follow(result, after)
        return result

    def _enter(self, path: str, module: nn.Module, args: tuple[Any, ...]) -> None:
        self._inside.append((path, module))
        self._calls.append([])
        if not (args and isinstance(args[0], Tensor) and args[0].ndim == 4):
            return
        geometry = of_module(module) or of_strided(module)
        if geometry is not None:
            self._note(path, geometry, args[0], frozenset[str]().union(*_followed(args)))

    def _leave(self, module: nn.Module, args: tuple[Any, ...], result: Any) -> None:
        path, _ = self._inside.pop()
        self._calls.pop()
        after = frozenset[str]().union(*_followed((args, result)))
        self.follow(result, after | ({path} & self._before.keys() if of_module(module) else set()))

    def _note_call(
        self, function: str, args: tuple[Any, ...], keywords: Any, after: frozenset[str]
    ) -> frozenset[str]:
        """Note a call that pools maps, and return its path."""
        maps = args[0] if args else None
        if not (self._inside and isinstance(maps, Tensor) and maps.ndim == 4):
            return frozenset()
        geometry = of_call(function, args, keywords)
        if geometry is None:
            return frozenset()
        calls = self._calls[-1]
        again = calls.count(function)
        name = f"{function}_{again}" if again else function
        calls.append(function)
        owner = self._inside[-1][0]
        path = f"{owner}.{name}" if owner else name
        return self._note(path, geometry, maps, after, function=function, call=len(calls) - 1)

    def _note(
        self,
        path: str,
        geometry: PoolGeometry,
        maps: Tensor,
        before: frozenset[str],
        *,
        function: str = "",
        call: int | None = None,
    ) -> frozenset[str]:
        group: Group = "head" if geometry.output_size else "window" if geometry.own else "stride"
        self.found[path] = FoundPool(
            path=path,
            group=group,
            geometry=geometry,
            module=self._inside[-1][1],
            function=function,
            call=call,
            maps=(maps.shape[1], maps.shape[2], maps.shape[3]),
        )
        if group != "head":
            return frozenset()
        self._before[path] = before
        return frozenset({path})


def _followed(values: Any) -> list[frozenset[str]]:
    leaves = tree_leaves(values)
    return [
        leaf.pools_before
        for leaf in leaves
        if isinstance(leaf, Tensor) and hasattr(leaf, "pools_before")
    ]
