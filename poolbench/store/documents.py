"""Reading and writing JSON documents and lines, with checks for damage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from poolbench.core.record import Epoch, Timing


class Damaged(ValueError):
    """A stored file is not what was written."""


def sha256(data: bytes) -> str:
    """Return the hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def to_bytes(document: Any) -> bytes:
    """Return a document as JSON text; NaN and infinity are errors, as in RFC 8259."""
    return (json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def seal(document: Mapping[str, Any]) -> bytes:
    """Return a document with the checksum of its own content."""
    content = json.loads(json.dumps(document))
    return to_bytes({"sha256": _content_hash(content), **content})


def unseal(data: bytes) -> dict[str, Any]:
    """Return a sealed document's content.

    Raises:
        Damaged: It is not JSON, or its content has changed.
    """
    try:
        document = json.loads(data)
        claimed = document.pop("sha256")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise Damaged(f"unreadable: {error}") from error
    if claimed != _content_hash(document):
        raise Damaged("its content does not match its checksum")
    return document


def _content_hash(document: Any) -> str:
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode())


def to_lines(items: Iterable[Epoch | Timing]) -> bytes:
    """Return one JSON object per line."""
    lines = (json.dumps(asdict(item), allow_nan=False, sort_keys=True) + "\n" for item in items)
    return "".join(lines).encode()


def epochs_from_lines(data: bytes) -> tuple[Epoch, ...]:
    """Read back a history."""
    return tuple(Epoch(**json.loads(line)) for line in data.splitlines())


def timings_from_lines(data: bytes) -> tuple[Timing, ...]:
    """Read back timings."""
    return tuple(Timing(**json.loads(line)) for line in data.splitlines())
