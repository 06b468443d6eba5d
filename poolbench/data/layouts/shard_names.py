"""Patterns of file names: ``train-{000..146}.tar``, ``{a,b}.tar``, ``train*.tar``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from poolbench.core.counted import first_of
from poolbench.core.errors import BadInput, EnvironmentFault

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_GLOB = re.compile(r"[*?\[]")
_MOST = 100_000
_SHOWN = 5


def shards_of(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern, sorted by name.

    Args:
        folder: The folder that they are in.
        pattern: Braces name files that must all be there; ``*``, ``?`` and ``[...]`` any that are.

    Raises:
        BadInput: The pattern leads out of the folder, or its braces are not closed.
        EnvironmentFault: No file has such a name, or some that braces name are missing.
    """
    names = list(dict.fromkeys(expanded(pattern)))
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in names):
        raise BadInput(
            f"the shards {pattern} are not below {folder}", "name their folder as `path`"
        )
    found: set[Path] = set()
    missing = []
    for name in names:
        here = list(folder.glob(name)) if _GLOB.search(name) else [folder / name]
        there = [path for path in here if path.is_file()]
        found.update(there)
        missing += [] if there else [name]
    if missing:
        raise EnvironmentFault(
            f"{folder} lacks shards: {first_of(missing, _SHOWN)}",
            "correct `path`, `train` or `test`, or complete the folder",
        )
    return sorted(found)


def expanded(pattern: str) -> Iterator[str]:
    """Yield the names that braces stand for.

    >>> list(expanded("{train,test}-{08..10}.tar"))[:4]
    ['train-08.tar', 'train-09.tar', 'train-10.tar', 'test-08.tar']

    Raises:
        BadInput: Braces are not closed, nested or empty, a range falls, or there are over 100,000.
    """
    parts = _BRACES.split(pattern)
    choices = [[part] if n % 2 == 0 else _alternatives(part) for n, part in enumerate(parts)]
    count = 1
    for each in choices:
        count *= len(each)
    if any(brace in part for part in parts[::2] for brace in "{}") or not 0 < count <= _MOST:
        raise BadInput(
            f"'{pattern}' is not a pattern of shards",
            "write train-{000..146}.tar, {a,b}.tar or train*.tar",
        )
    yield from map("".join, product(*choices))


def _alternatives(text: str) -> list[str]:
    bounds = _RANGE.fullmatch(text)
    if bounds is None:
        return text.split(",") if "," in text else []
    first, last = bounds.groups()
    if int(last) - int(first) >= _MOST:
        return []
    return [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]
