"""Documents from disk: JSON that is checked while it becomes a dataclass.

A dataclass is its own schema: its annotations give the types, the choices and the ranges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeVar, cast

from annotated_types import Ge, Gt, Le, Lt, Predicate

T = TypeVar("T")

_LARGEST = 2**63 - 1
_HUGE = 1.7976931348623157e308
_UNKNOWN_KEY = "unexpected_keyword_argument"  # as pydantic names it

Count = Annotated[int, Ge(0), Le(_LARGEST)]
Positive = Annotated[int, Ge(1), Le(_LARGEST)]
Finite = Annotated[float, Ge(-_HUGE), Le(_HUGE)]
Bounded = Annotated[float, Ge(-_LARGEST), Le(_LARGEST)]
Share = Annotated[float, Ge(0), Le(1)]
PartialShare = Annotated[float, Ge(0), Lt(1)]
Seconds = Annotated[float, Ge(0), Le(_HUGE)]
Level = Annotated[float, Gt(0), Lt(1)]


def numbers_fit_64_bits(value: object) -> bool:
    """Whether every number in a JSON value is one that programs calculate with."""
    if isinstance(value, int):
        return -_LARGEST <= value <= _LARGEST
    if isinstance(value, float):
        return -_HUGE <= value <= _HUGE
    if isinstance(value, Mapping):
        return all(map(numbers_fit_64_bits, value.values()))
    return not isinstance(value, list) or all(map(numbers_fit_64_bits, value))


Facts = Annotated[Mapping[str, Any], Predicate(numbers_fit_64_bits)]
"""An object of JSON that this program shows or hands on, whatever is in it."""

Unread = Counter[str]
"""Keys of a newer version, which are passed over, and how often each was met."""


class Damaged(ValueError):
    """A document is not what was written."""


def parse(data: bytes | str) -> Any:
    """Return JSON as Python values.

    Raises:
        Damaged: It is not JSON by RFC 8259, or nested too deeply to be read.
    """
    from pydantic_core import from_json

    try:
        return from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise Damaged(f"unreadable: {error}") from None


def read_as(kind: type[T], data: bytes | str, unread: Unread | None = None) -> T:
    """Return JSON as a dataclass, whose annotations it has to satisfy.

    Args:
        kind: The dataclass.
        data: The document.
        unread: Counts the keys that the dataclass does not have; items of a list count together.

    Raises:
        Damaged: It is not JSON, a key is missing, or a value has another type or is out of range.
    """
    from pydantic_core import ValidationError

    reader = _reader(cast(Hashable, kind))
    try:
        read: T = reader.validate_json(data, strict=True, extra="forbid")
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    else:
        return read
    wrong = [fault for fault in faults if fault["type"] != _UNKNOWN_KEY]
    if not wrong:
        if unread is not None:
            unread.update(_path(fault["loc"], with_numbers=False) for fault in faults)
        return cast(T, reader.validate_json(data, strict=True))
    first, *others = wrong
    more = f" (and {len(others)} more)" if others else ""
    where = f"{_path(first['loc'])}: " if first["loc"] else ""
    raise Damaged(f"unreadable: {where}{first['msg'][:1].lower()}{first['msg'][1:]}{more}")


@lru_cache
def _reader(kind: Hashable) -> Any:
    from pydantic import TypeAdapter  # takes 0.1 s to import

    return TypeAdapter(cast(Any, kind))


def passed_over(where: str, unread: Unread) -> tuple[str, ...]:
    """Return a sentence on what a newer version wrote into a place; none if nothing."""
    keys = ", ".join(sorted(unread))
    return (f"{where} is of a newer version, which notes more: {keys}",) if keys else ()


def _path(location: Sequence[str | int], *, with_numbers: bool = True) -> str:
    parts = (
        (f"[{part}]" if with_numbers else "[]") if isinstance(part, int) else f".{part}"
        for part in location
    )
    return "".join(parts).removeprefix(".")
