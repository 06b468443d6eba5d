"""From a name and its options to an operator."""

from __future__ import annotations

from typing import Any

from torch import nn

from poolbench.core.catalogue import OperatorEntry
from poolbench.core.errors import BadInput
from poolbench.core.options import check_options
from poolbench.core.whole_numbers import pair, whole
from poolbench.operators import OPERATORS
from poolbench.operators.base import PoolingOperator
from poolbench.operators.window import Pair, Window

# Least value of each part of a window, in pixels.
_LEAST = {"kernel_size": 1, "stride": 1, "padding": 0, "grid": 1}
_GEOMETRY = frozenset({*_LEAST, "channels", "ceil_mode"})


def create(name: str, **keywords: Any) -> nn.Module:
    """Build a pooling operator from options that nobody has checked yet.

    Args:
        name: As the catalogue lists it.
        keywords: Geometry, as for :func:`build`, and options that the catalogue declares.

    Returns:
        A module ``(N, C, H, W) -> (N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        BadInput: The name, an option or the geometry is invalid.
    """
    given = {key: value for key, value in keywords.items() if key not in _GEOMETRY}
    options = check_options(name, OPERATORS[name].options, given)
    geometry = {key: _checked(key, keywords[key]) for key in keywords.keys() & _GEOMETRY}
    return build(name, **geometry, **options)


def _checked(key: str, value: Any) -> Any:
    if value is None or key == "ceil_mode":
        return bool(value) if key == "ceil_mode" else None
    if key == "channels":
        return whole(key, value, minimum=1)
    return pair(key, value, minimum=_LEAST[key])


def build(
    name: str,
    *,
    channels: int | None = None,
    kernel_size: int | Pair | None = None,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    ceil_mode: bool = False,
    grid: tuple[int, int] | None = None,
    **options: Any,
) -> nn.Module:
    """Build a pooling operator from checked options, such as those of a suite's cells.

    Args:
        name: As the catalogue lists it.
        channels: Channels of the maps; needed for ``learn="channel"`` and for ``conv``.
        kernel_size: Sides of the window, in pixels; ``None`` pools the whole map.
        stride: Step between windows, in pixels; ``None`` for the kernel's size.
        padding: Implicit border, in pixels, at most half the kernel; never an element.
        ceil_mode: Whether a last window may hang over the far edge.
        grid: (H, W) of the maps in training, in pixels; needed for a global ``gated``.
        options: Values that ``Option.check`` returned.

    Returns:
        A module, as of :func:`create`.

    Raises:
        BadInput: The geometry is invalid, or options do not fit each other or the geometry.
    """
    entry = OPERATORS[name]
    window = _window(name, entry, kernel_size, stride, padding, ceil_mode)
    operator: nn.Module = OPERATORS.resolve(name)(
        window=window, channels=channels, grid=grid, **options
    )
    if isinstance(operator, PoolingOperator):
        operator.built_with = {key: options[key] for key in entry.options if key in options}
    return operator


def _window(
    name: str,
    entry: OperatorEntry,
    kernel_size: int | Pair | None,
    stride: int | Pair | None,
    padding: int | Pair,
    ceil_mode: bool,
) -> Window | None:
    scope = "global" if kernel_size is None else "windowed"
    if scope not in entry.scopes:
        known = " or ".join(entry.scopes)
        advice = "pass" if kernel_size is None else "leave out"
        raise BadInput(f"{name} is {known} only, not {scope}", f"{advice} kernel_size")
    if kernel_size is None:
        if stride is not None or padding not in (0, (0, 0)) or ceil_mode:
            raise BadInput(
                f"{name}: stride, padding and ceil_mode do not apply to a whole map",
                "pass kernel_size too, or leave them out",
            )
        return None
    try:
        return Window.of(kernel_size, stride, padding, ceil_mode)
    except ValueError as fault:
        raise BadInput(f"{name}: {fault}", "change kernel_size, stride or padding") from None
