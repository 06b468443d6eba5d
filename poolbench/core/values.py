"""Values as users give them, from any library, and how errors describe them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

Scalar = bool | int | float | str | None

_LONGEST = 50


def plain_value(value: Any) -> Any:
    """Return a value as an equivalent built-in Python type, if there is one.

    Args:
        value: A scalar or a list from any library: numpy's float32, a zero-dimensional torch
            tensor, a fraction, a path, a range, a one-dimensional array.

    Returns:
        A bool, an int, a float, a str, ``None``, or a list of them; anything else as it is.
    """
    # numpy and torch, without importing either.
    dimensions = getattr(value, "ndim", None)
    if dimensions == 0 and hasattr(value, "item"):
        value = value.item()
    elif dimensions == 1 and hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)  # the text of a string enumeration's member
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain_value(item) for item in value]
    return value


def describe_value(value: object) -> str:
    """Return a short description of a value, for the "got ..." of an error."""
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else " ".join(repr(value).split())
    return cut(text, _LONGEST)


def cut(text: str, most: int) -> str:
    """Return a text with at most so many letters: an ellipsis stands for what is too much."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
