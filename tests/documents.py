"""Documents as no writer leaves them: real ones, altered at random and sealed again."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from poolbench.store.commit import FILE
from poolbench.store.documents import seal, sha256

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, -(10**400), 0.5, -0.0, 1e308, 5e-324, 1e17,
    "", "x", "../../etc/passwd", "\x00", "é\u202e", "x" * 10_000, [], {}, [None], [[1]], [{}],
    {"": 0}, {"a": {"b": []}}, ["a", 1, None, {}], [0] * 200,
)  # fmt: skip


def altered(document: Any, draw: random.Random) -> Any:
    """Return a copy of a document with one to three alterations of its structure."""
    document = copy.deepcopy(document)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        places = list(_places(document))
        if not places:
            return draw.choice(ODD)
        holder, key = draw.choice(places)
        _alter(holder, key, draw)
    return document


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a value, with what holds it."""
    keys = document if isinstance(document, dict) else range(len(document))
    if isinstance(document, dict | list):
        for key in list(keys):
            yield document, key
            if isinstance(document[key], dict | list):
                yield from _places(document[key])


def _alter(holder: Any, key: Any, draw: random.Random) -> None:
    value = holder[key]
    kind = draw.randrange(8)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[f"{key}_"] = holder.pop(key)
    elif kind == 2:
        holder[key] = [value]
    elif kind == 3:
        holder[key] = {"0": value}
    elif kind == 4 and isinstance(value, dict):
        holder[key] = list(value.values()) if draw.random() < 0.5 else list(value.items())
    elif kind == 4 and isinstance(value, list):
        holder[key] = draw.choice(
            (value[:-1], value + value, {str(i): v for i, v in enumerate(value)})
        )
    elif kind == 5 and isinstance(value, int | float) and abs(value) < 2**64:
        holder[key] = draw.choice(
            (
                -value,
                value * 10**9 if isinstance(value, int) else value * 3,
                str(value),
                value + 1,
                float(value),
            )
        )
    elif kind == 6:
        for _ in range(draw.choice((3, 90, 250))):
            value = [value] if draw.random() < 0.5 else {"x": value}
        holder[key] = value
    else:
        holder[key] = copy.deepcopy(draw.choice(ODD))


def sealed(document: Any) -> bytes:
    """Return a document with the checksum that fits it, if it is one that can have a checksum."""
    if not isinstance(document, dict):
        return json.dumps(document).encode()
    return seal({key: value for key, value in document.items() if key != "sha256"})


def truncated(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def replace_file(run: Path, name: str, data: bytes) -> None:
    """Replace a file of a run, whose commit vouches for the new bytes."""
    (run / name).write_bytes(data)
    document = json.loads((run / FILE).read_bytes())
    document["files"][name] = {"sha256": sha256(data), "bytes": len(data)}
    (run / FILE).write_bytes(sealed(document))
