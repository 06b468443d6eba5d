"""The base of every pooling operator: a module with a window and parameters of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from poolbench.core.errors import BadInput
from poolbench.operators.window import Window

_REDUCED = (torch.float16, torch.bfloat16)


class PoolingOperator(nn.Module, ABC):
    """A pooling operator: ``(N, C, H, W) -> (N, C)``, or ``(N, C, H', W')`` with a window.

    Every operator's constructor takes ``window``, ``channels`` and ``grid`` by keyword, and
    exactly the options of its catalogue entry, with values that ``Option.check`` returned:
    constructors do not check ranges again.

    Args:
        window: Geometry; ``None`` pools the whole map, at any size.
    """

    has_ordinary_weights: ClassVar[bool] = False
    """Whether its parameters train like any layer's: with weight decay and the network's rate."""

    def __init__(self, *, window: Window | None) -> None:
        super().__init__()
        self.window = window
        self.built_with: dict[str, object] = {}
        """The options of its entry that it was built with; ``create.build`` fills them in."""
        self._constants: dict[str, float] = {}

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""

    def pooling_parameters(self) -> dict[str, Tensor]:
        """Return what it learns in meaningful units: temperatures, shares, gates."""
        return {}

    def describe(self) -> dict[str, object]:
        """Return the options that ``repr`` shows."""
        return dict(self.built_with)

    def extra_repr(self) -> str:
        """Return the options and the window for ``repr``."""
        options = [f"{name}={value}" for name, value in self.describe().items()]
        return ", ".join([*options, str(self.window) if self.window else "global"])

    def keep_constant(self, name: str, value: float) -> None:
        """Register a buffer ``(1,)`` outside the state dict, exact in each dtype it is moved to."""
        self.register_buffer(name, torch.full((1,), value), persistent=False)
        self._constants[name] = value

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # A temperature rounded to half precision no longer resolves its own updates.
        if self.has_ordinary_weights:
            return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]

        def kept_wide(tensor: Tensor) -> Tensor:
            moved = fn(tensor)
            return tensor.to(moved.device) if moved.dtype in _REDUCED else moved

        super()._apply(kept_wide, recurse)  # type: ignore[no-untyped-call]
        for name, value in self._constants.items():
            self.get_buffer(name).fill_(value)
        return self


class PlainOperator(PoolingOperator):
    """An operator without options and learned parameters.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Unused.
        grid: Unused.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,  # noqa: ARG002
        grid: tuple[int, int] | None = None,  # noqa: ARG002
    ) -> None:
        super().__init__(window=window)


def require_channels(channels: int | None, why: str) -> int:
    """Return the number of channels.

    Args:
        channels: The constructor's argument.
        why: What needs it, for the message.

    Raises:
        BadInput: It is ``None``.
    """
    if channels is None:
        raise BadInput(f"{why} needs the number of channels", "pass channels=...")
    return channels


def learned_size(learn: str, channels: int | None) -> int:
    """Return the size of a parameter: one value, or one per channel.

    Args:
        learn: ``none``, ``layer`` or ``channel``.
        channels: Channels of the maps; needed for ``channel``.

    Raises:
        BadInput: The channels are missing.
    """
    return require_channels(channels, "learn='channel'") if learn == "channel" else 1
