"""Counts and pixels that a call is given, checked as options are."""

from __future__ import annotations

from typing import Any

from poolbench.core.errors import BadInput
from poolbench.core.options import BadValue, Option


def whole(name: str, value: object, *, minimum: int) -> int:
    """Return a whole number, such as a count; numpy's are taken too.

    Raises:
        BadInput: It is something else, or below the minimum.
    """
    try:
        return int(Option(kind=int, minimum=minimum).check(value))
    except BadValue as error:
        raise BadInput(f"{name}: {error.message}", error.hint) from None


def pair(name: str, value: object, *, minimum: int) -> tuple[int, int]:
    """Return (height, width) in pixels, of one number or of two.

    Raises:
        BadInput: It is something else, or a number is below the minimum.
    """
    sides: Any = value if isinstance(value, tuple | list) else (value, value)
    if len(sides) != 2:
        raise BadInput(f"{name}: expected one number or two, got {len(sides)}")
    height, width = (whole(name, side, minimum=minimum) for side in sides)
    return height, width
