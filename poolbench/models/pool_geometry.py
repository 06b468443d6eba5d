"""What a pool of another library does: read from its module, or from a call in a forward."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

Pair = tuple[int, int]

_ONE = (1, 1)
_OVER_THE_MAP = ({2, 3}, {-2, -1})


@dataclass(frozen=True, kw_only=True)
class PoolGeometry:
    """What one pool does, as far as an operator in its place has to know.

    Args:
        own: The operator of ours that it is; empty if it is none of them.
        output_size: (H', W') that it makes of any map; ``None`` for a window.
        keeps_grid: Whether its output is ``(N, C, H', W')`` also where H' = W' = 1.
        window: ``kernel_size``, ``stride``, ``padding`` and ``ceil_mode``; empty without a window.
        refusal: Why no operator can take its place; empty if one can.
        counts_padding: Whether padding counts in its mean, which it never does in an operator.
    """

    own: str
    output_size: Pair | None = None
    keeps_grid: bool = True
    window: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""
    counts_padding: bool = False


def of_module(module: nn.Module) -> PoolGeometry | None:
    """Return what a module does, if all it does is to pool maps; ``None`` otherwise.

    Subclasses of torch's pools may do more, such as pad, and are not taken for what they extend.
    """
    if read := _MODULES.get(type(module)):
        return read(module)
    own = _TIMM_MODULES.get(type(module).__name__)
    # A pool over other dimensions belongs to a network with channels last.
    if own is None or getattr(module, "dim", (2, 3)) != (2, 3):
        return None
    size = _pair(getattr(module, "output_size", 1))
    return PoolGeometry(own=own, output_size=size, keeps_grid=not getattr(module, "flatten", False))


def of_strided(module: nn.Module) -> PoolGeometry | None:
    """Return what a convolution with a stride does; ``None`` for any other module."""
    if not isinstance(module, nn.Conv2d) or max(module.stride) == 1:
        return None
    window = _window(module.kernel_size, module.stride, module.padding, ceil_mode=False)
    refusal = "is a strided convolution, which no operator replaces yet"
    return PoolGeometry(own="", window=window, refusal=refusal)


def of_call(function: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> PoolGeometry | None:
    """Return what a call does, if it pools maps; ``None`` otherwise.

    Args:
        function: Name of the function or method: ``mean``, ``adaptive_avg_pool2d``, ...
        args: Its arguments, the maps first; they may be symbols of torch.fx.
        keywords: Its keywords.
    """
    read = _CALLS.get(function)
    return read(*args, **keywords) if read else None


def _pair(size: Any) -> Any:
    return tuple(size) if isinstance(size, (tuple, list)) else (size, size)


def _adaptive(own: str) -> Callable[..., PoolGeometry]:
    def read(_: Any, output_size: Any, return_indices: bool = False) -> PoolGeometry:
        size = _pair(output_size)
        refusal = "returns indices" if return_indices else ""
        if not all(isinstance(side, int) for side in size):
            refusal = "keeps a side of its map"
        return PoolGeometry(own=own, output_size=size, refusal=refusal)

    return read


def _over_the_map(own: str) -> Callable[..., PoolGeometry | None]:
    def read(
        _: Any, dim: Any = None, keepdim: bool = False, *, axis: Any = None, dtype: Any = None
    ) -> PoolGeometry | None:
        dims = dim if axis is None else axis
        if not isinstance(dims, (tuple, list)) or set(dims) not in _OVER_THE_MAP:
            return None
        refusal = "" if dtype is None else "changes the dtype"
        return PoolGeometry(own=own, output_size=_ONE, keeps_grid=keepdim, refusal=refusal)

    return read


def _average_window(
    _: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> PoolGeometry:
    is_padded = any(side != 0 for side in _pair(padding))
    return PoolGeometry(
        own="average",
        window=_window(kernel_size, stride, padding, ceil_mode),
        refusal="" if divisor_override is None else "has a divisor_override",
        counts_padding=is_padded and count_include_pad,
    )


def _max_window(
    _: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> PoolGeometry:
    refusal = "returns indices" if return_indices else ""
    return PoolGeometry(
        own="max",
        window=_window(kernel_size, stride, padding, ceil_mode),
        refusal=refusal or ("" if _pair(dilation) == _ONE else "is dilated"),
    )


def _window(kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool) -> dict[str, Any]:
    return {
        "kernel_size": kernel_size,
        # An empty tuple is how torch's own code leaves the stride out.
        "stride": kernel_size if stride is None or stride == () else stride,
        "padding": padding,
        "ceil_mode": ceil_mode,
    }


_CALLS: Mapping[str, Callable[..., PoolGeometry | None]] = {
    "mean": _over_the_map("average"),
    "amax": _over_the_map("max"),
    "adaptive_avg_pool2d": _adaptive("average"),
    "adaptive_max_pool2d": _adaptive("max"),
    "avg_pool2d": _average_window,
    "max_pool2d": _max_window,
}
_MODULES: Mapping[type[nn.Module], Callable[[Any], PoolGeometry]] = {
    nn.AdaptiveAvgPool2d: lambda pool: _adaptive("average")(None, pool.output_size),
    nn.AdaptiveMaxPool2d: lambda pool: _adaptive("max")(
        None, pool.output_size, pool.return_indices
    ),
    nn.AvgPool2d: lambda pool: _average_window(
        None, pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode,
        pool.count_include_pad, pool.divisor_override,
    ),
    nn.MaxPool2d: lambda pool: _max_window(
        None, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode,
        pool.return_indices,
    ),
}  # fmt: skip
# timm is optional, so its modules are identified by name; its other pools contain torch's own.
_TIMM_MODULES = {
    "AdaptiveAvgMaxPool2d": "avgmax",
    "FastAdaptiveAvgPool": "average",
    "FastAdaptiveMaxPool": "max",
    "FastAdaptiveAvgMaxPool": "avgmax",
}
