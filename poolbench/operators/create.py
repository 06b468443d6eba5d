"""From a name and its options to an operator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from poolbench.core.catalogue import OperatorEntry
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.options import Option
from poolbench.operators import OPERATORS
from poolbench.operators.window import Pair, Window


def create(
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
    """Build a pooling operator.

    Args:
        name: As the catalogue lists it.
        channels: Channels of the maps; needed for ``learn="channel"`` and for ``conv``.
        kernel_size: Sides of the window, in pixels; ``None`` pools the whole map.
        stride: Step between windows, in pixels; ``None`` for the kernel's size.
        padding: Implicit border, in pixels, at most half the kernel; never an element.
        ceil_mode: Whether a last window may hang over the far edge.
        grid: (H, W) of the maps in training, in pixels; needed for a global ``gated``.
        options: What the catalogue declares for this operator.

    Returns:
        A module ``(N, C, H, W) -> (N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        BadInput: The name, an option or the geometry cannot be meant.
    """
    entry = OPERATORS[name]
    checked = _checked(name, entry, options)
    window = _window(name, entry, kernel_size, stride, padding, ceil_mode)
    operator: nn.Module = OPERATORS.resolve(name)(
        window=window, channels=channels, grid=grid, **checked
    )
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
                f"{name}: stride, padding and ceil_mode mean nothing for a whole map",
                "pass kernel_size too, or leave them out",
            )
        return None
    try:
        return Window.of(kernel_size, stride, padding, ceil_mode)
    except ValueError as fault:
        raise BadInput(f"{name}: {fault}", "change kernel_size, stride or padding") from None


def _checked(name: str, entry: OperatorEntry, given: Mapping[str, object]) -> dict[str, object]:
    for key in given:
        if key not in entry.options:
            hint = did_you_mean(key, entry.options) or f"{name} takes no options"
            raise BadInput(f"{name} has no option '{key}'", hint)
    for key, option in entry.options.items():
        if option.is_required and key not in given:
            raise BadInput(f"{name} needs the option '{key}'", option.help)
    return {
        key: _value(f"{name}: {key}", option, given.get(key, option.default))
        for key, option in entry.options.items()
    }


def _value(where: str, option: Option, value: object) -> object:
    hint = f"wanted: {option.describe_range()}"
    if option.many:
        if not isinstance(value, (list, tuple)):
            raise BadInput(f"{where} is {value!r}", hint)
        return tuple(_value(where, replace(option, many=False), item) for item in value)
    if option.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not option.kind:
        raise BadInput(f"{where} is {value!r}", hint)
    if isinstance(value, str) and option.choices and value not in option.choices:
        raise BadInput(f"{where} is '{value}'", did_you_mean(value, option.choices))
    if isinstance(value, (int, float)) and not _is_in_range(option, value):
        raise BadInput(f"{where} is {value}", hint)
    return value


def _is_in_range(option: Option, value: float) -> bool:
    return (
        math.isfinite(value)
        and (option.above is None or value > option.above)
        and (option.minimum is None or value >= option.minimum)
        and (option.maximum is None or value <= option.maximum)
    )
