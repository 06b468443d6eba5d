"""A tree of values, each with its position in the suite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from poolbench.core.values import Scalar, describe_value
from poolbench.suite.faults import Mark


@dataclass(frozen=True, kw_only=True)
class Node:
    """A value and its position.

    Args:
        value: A scalar, a tuple of nodes, or a mapping from text to nodes.
        mark: Where the value is written.
        key: Where its key is written; the value's own mark if it has no key.
        size: Nodes in it, including itself, with aliases expanded.
        is_implied: Whether the key was left out because of a shorthand.
    """

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    mark: Mark
    key: Mark
    size: int = 1
    is_implied: bool = False

    @property
    def entries(self) -> Mapping[str, Node]:
        """The entries of a mapping; none for any other value."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """The items of a list; none for any other value."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def is_mapping(self) -> bool:
        """Whether it is a mapping, which may be empty."""
        return isinstance(self.value, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether it is a list, which may be empty."""
        return isinstance(self.value, tuple)

    def plain(self) -> object:
        """Return the value without marks: scalars, tuples and dicts."""
        if self.is_mapping:
            return {key: child.plain() for key, child in self.entries.items()}
        if self.is_list:
            return tuple(child.plain() for child in self.items)
        return self.value

    def at(self, path: Iterable[str | int]) -> Node:
        """Return the deepest node on a path of keys and indices."""
        node = self
        for step in path:
            if isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            elif isinstance(step, str) and step in node.entries:
                node = node.entries[step]
            else:
                break
        return node

    def under(self, key: str, *, is_implied: bool = False) -> Node:
        """Return the mapping ``{key: self}``.

        Args:
            key: The key.
            is_implied: Whether the user left the key out; messages then leave it out too.
        """
        child = replace(self, key=self.mark, is_implied=is_implied)
        return Node(value={key: child}, mark=self.mark, key=self.key, size=self.size + 1)

    def spelled_out(self, key: str) -> Node:
        """Return what a shorthand stands for: ``{key: self}``, or itself when it is a mapping."""
        return self if self.is_mapping else self.under(key, is_implied=True)

    def described(self) -> str:
        """Return a short description, for the "got ..." of a fault."""
        return describe_value(self.value)
