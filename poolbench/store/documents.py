"""Reading and writing JSON documents and lines, with checks for damage."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from poolbench.core.document import Damaged, Unread, parse, read_as
from poolbench.core.printable import shown_in_json
from poolbench.core.record import Epoch, Timing

T = TypeVar("T")

_SEAL = re.compile(rb'^\{\s*"sha256": "[0-9a-f]{64}",')
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def sha256(data: bytes) -> str:
    """Return the hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def to_bytes(document: Any) -> bytes:
    """Return a document as JSON text; NaN and infinity are errors, as in RFC 8259.

    Bytes of paths that are not UTF-8 are shown escaped: see ``core.printable``.
    """
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    return f"{shown_in_json(text)}\n".encode()


def seal(document: Mapping[str, Any]) -> bytes:
    """Return a document with the checksum of its own content."""
    content = json.loads(to_bytes(document))
    return to_bytes({"sha256": _content_hash(content), **content})


def read_sealed(kind: type[T], data: bytes, unread: Unread | None = None) -> T:
    """Return a sealed document as a dataclass: see :func:`poolbench.core.document.read_as`.

    Raises:
        Damaged: It is not JSON, its content has changed, or it is no such document.
    """
    return read_as(kind, unsealed(data), unread)


def unsealed(data: bytes) -> bytes:
    """Return the text of a sealed document without its seal.

    Raises:
        Damaged: It is not JSON, or its content has changed.
    """
    content = unseal(data)
    bare, is_first = _SEAL.subn(b"{", data, count=1)
    return bare if is_first else to_bytes(content)


def unseal(data: bytes) -> dict[str, Any]:
    """Return a sealed document's content.

    Raises:
        Damaged: It is not JSON, or its content has changed.
    """
    document = parse(data)
    if not isinstance(document, dict) or "sha256" not in document:
        raise Damaged("unreadable: not a document with a checksum")
    claimed = document.pop("sha256")
    try:
        is_whole = claimed == _content_hash(document)
    except ValueError as error:  # a number as large as 1e400, which is read as infinity
        raise Damaged(f"unreadable: {error}") from None
    if not is_whole:
        raise Damaged("its content does not match its checksum")
    return document


def _content_hash(document: Any) -> str:
    return sha256(_canonical(document).encode())


def to_lines(items: Iterable[Epoch | Timing]) -> bytes:
    """Return one JSON object per line."""
    lines = (json.dumps(asdict(item), allow_nan=False, sort_keys=True) + "\n" for item in items)
    return "".join(lines).encode()


def epochs_from_lines(data: bytes) -> tuple[Epoch, ...]:
    """Read back a history.

    Raises:
        Damaged: A line is not an epoch.
    """
    return tuple(read_as(Epoch, line) for line in data.splitlines())


def timings_from_lines(data: bytes) -> tuple[Timing, ...]:
    """Read back timings.

    Raises:
        Damaged: A line is not a timing.
    """
    return tuple(read_as(Timing, line) for line in data.splitlines())
