"""Suites that are not in a file: YAML text, or values of a Python program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from poolbench.core.values import Scalar, describe_value, plain_value
from poolbench.suite.composer import MAX_DEPTH, MAX_KEY_LENGTH, MAX_NODES, compose, unfit
from poolbench.suite.faults import Faults, Mark, Source
from poolbench.suite.nodes import Node
from poolbench.suite.scalars import MAX_DIGITS

_NAME = "suite"


@dataclass(frozen=True, eq=False)
class Given:
    """A suite without a file.

    Messages call it ``suite``: a fault of text is at its line and column, ``suite:3:5``, one of a
    mapping at its keys, ``suite['recipe']['epochs']``.

    Args:
        content: YAML text, or the mapping that a suite file is.
    """

    content: str | Mapping[str, object]

    stem: ClassVar[str] = "untitled suite"
    """Its title if it has none."""

    @property
    def beside(self) -> Path:
        """A file in the current folder, in which ``extends:`` looks for others."""
        return Path(f"<{_NAME}>")

    def __str__(self) -> str:
        return f"the {_NAME}"

    def read(self, faults: Faults) -> Node:
        """Return its tree.

        Raises:
            BadInput: It is not YAML, or nested too deeply, or too large.
        """
        if isinstance(self.content, str):
            source = Source(name=_NAME, lines=tuple(self.content.splitlines()))
            return compose(self.content, source, faults)
        return _Reader(faults).node(self.content, "", 1)


class _Reader:
    """Makes nodes of values, within the limits that YAML text has."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._source = Source(name=_NAME, lines=(), is_file=False)
        self._count = 0

    def node(self, value: object, keys: str, depth: int) -> Node:
        """Return a value's node.

        Args:
            value: A mapping, a list, a scalar, or what is one in another library.
            keys: Where it is in the suite.
            depth: How deep that is; the suite itself is at 1.
        """
        mark = self._mark(keys)
        if depth > MAX_DEPTH:
            self._faults.stop(mark, f"nested more than {MAX_DEPTH} levels deep")
        if self._count > MAX_NODES:
            self._faults.stop(self._mark(""), f"more than {MAX_NODES:,} values")
        if isinstance(value, Mapping):
            return self._mapping(value, mark, depth)
        if isinstance(value, list | tuple):
            items = [self.node(item, f"{keys}[{i}]", depth + 1) for i, item in enumerate(value)]
            size = 1 + sum(item.size for item in items)
            return Node(value=tuple(items), mark=mark, key=mark, size=size)
        plain = plain_value(value)
        if isinstance(plain, list):
            return self.node(plain, keys, depth)
        return Node(value=self._scalar(plain, mark), mark=mark, key=mark)

    def _mapping(self, value: Mapping[object, object], mark: Mark, depth: int) -> Node:
        entries: dict[str, Node] = {}
        for key, child in value.items():
            name = plain_value(key)
            if not isinstance(name, str):
                self._faults.add(mark, f"a key must be text, got {describe_value(name)}")
                continue
            at = self._mark(f"{mark.keys}[{name[:MAX_KEY_LENGTH]!r}]")
            if told := unfit(name):
                self._faults.add_unreadable(at, told, "keys are plain words")
            elif len(name) > MAX_KEY_LENGTH:
                told = f"a key of more than {MAX_KEY_LENGTH} characters"
                self._faults.add_unreadable(at, told)
            else:
                entries[name] = self.node(child, at.keys, depth + 1)
        size = 1 + sum(1 + node.size for node in entries.values())
        return Node(value=entries, mark=mark, key=mark, size=size)

    def _scalar(self, value: object, mark: Mark) -> Scalar:
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            if abs(value) >= 10**MAX_DIGITS:
                told = f"a whole number of more than {MAX_DIGITS} digits"
                self._faults.add_unreadable(mark, told)
                return 0
            return value
        if isinstance(value, str):
            if told := unfit(value):
                self._faults.add_unreadable(mark, told, "write it out")
            return value
        self._faults.add_unreadable(
            mark,
            f"expected text, a number, true, false, None, a list or a mapping, got "
            f"{describe_value(value)}",
        )
        return None

    def _mark(self, keys: str) -> Mark:
        # A running number, so that faults are told in the order of the suite.
        self._count += 1
        return Mark(source=self._source, line=self._count, column=1, keys=keys)
