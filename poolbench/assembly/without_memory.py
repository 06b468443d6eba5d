"""Networks without memory: their layers and shapes are known, but they have no values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


@contextmanager
def without_memory() -> Iterator[None]:
    """Build networks on the meta device; the global generator is not advanced."""
    with torch.device("meta"), torch.random.fork_rng(devices=[]), _NothingDrawn():
        yield


class _NothingDrawn(TorchFunctionMode):
    """Skips initialisation, for which torch would load its compiler, in a second."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is torch.Tensor.normal_ and args[0].is_meta:
            return args[0]
        return func(*args, **(kwargs or {}))
