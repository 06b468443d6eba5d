"""Documents from disk: JSON that is checked while it becomes a dataclass.

A dataclass is its own schema: its annotations give the types, the choices and the ranges.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, NoReturn, TypeVar, cast

from annotated_types import Ge, Gt, Le, Lt

T = TypeVar("T")

_LARGEST = 2**63 - 1
_HUGE = 1.7976931348623157e308

Count = Annotated[int, Ge(0), Le(_LARGEST)]
Positive = Annotated[int, Ge(1), Le(_LARGEST)]
Finite = Annotated[float, Ge(-_HUGE), Le(_HUGE)]
Share = Annotated[float, Ge(0), Le(1)]
PartialShare = Annotated[float, Ge(0), Lt(1)]
Seconds = Annotated[float, Ge(0), Le(_HUGE)]
Level = Annotated[float, Gt(0), Lt(1)]


class Damaged(ValueError):
    """A document is not what was written."""


def parse(data: bytes | str) -> Any:
    """Return JSON as Python values.

    Raises:
        Damaged: It is not JSON by RFC 8259, or nested too deeply to be read.
    """
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise Damaged("unreadable: nested too deeply") from None
    except ValueError as error:
        raise Damaged(f"unreadable: {error}") from error


def read_as(kind: type[T], data: bytes | str) -> T:
    """Return JSON as a dataclass, whose annotations it has to satisfy.

    Keys that the dataclass does not have are a newer version's and are passed over: see
    :func:`unread_keys`.

    Args:
        kind: The dataclass.
        data: The document.

    Raises:
        Damaged: It is not JSON, a key is missing, or a value has another type or is out of range.
    """
    from pydantic import ValidationError

    try:
        read: T = _reader(cast(Hashable, kind)).validate_json(data, strict=True)
    except ValidationError as error:
        first, *others = error.errors(include_url=False, include_context=False, include_input=False)
        more = f" (and {len(others)} more)" if others else ""
        where = f"{_path(first['loc'])}: " if first["loc"] else ""
        message = f"{where}{first['msg'][:1].lower()}{first['msg'][1:]}{more}"
        raise Damaged(f"unreadable: {message}") from None
    return read


def unread_keys(document: object, read: object) -> list[str]:
    """Return the paths of the keys that a document has, and what was read from it has not.

    Args:
        document: From :func:`parse`.
        read: The dataclass read from it, as a JSON document.
    """
    return [_path(path) for path in _unread(document, read, ())]


def _unread(
    document: object, read: object, path: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    if isinstance(document, Mapping) and isinstance(read, Mapping):
        for key, value in document.items():
            if key in read:
                yield from _unread(value, read[key], (*path, key))
            else:
                yield (*path, key)
    elif isinstance(document, list) and isinstance(read, Sequence):
        for index, (value, kept) in enumerate(zip(document, read, strict=False)):
            yield from _unread(value, kept, (*path, index))


@lru_cache
def _reader(kind: Hashable) -> Any:
    from pydantic import TypeAdapter  # takes 0.1 s to import

    return TypeAdapter(cast(Any, kind))


def _path(location: Sequence[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")
