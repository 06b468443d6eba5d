"""A tree of values that know where in a suite they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from poolbench.core.values import Scalar, describe_value
from poolbench.suite.faults import Mark


@dataclass(frozen=True, kw_only=True)
class Node:
    """A value and its place.

    Args:
        value: A scalar, a tuple of nodes, or a mapping from text to nodes.
        mark: Where the value stands.
        key: Where the key that names it stands; the value's own place when there is none.
        size: Nodes in it, itself included and aliases spelled out.
        is_implied: Whether the key was left out because a shorthand stands for it.
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
        """Whether it is a mapping, perhaps an empty one."""
        return isinstance(self.value, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether it is a list, perhaps an empty one."""
        return isinstance(self.value, tuple)

    def plain(self) -> object:
        """Return the value without places: scalars, tuples and dicts."""
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
            is_implied: The user did not write it: messages leave it out.
        """
        child = replace(self, key=self.mark, is_implied=is_implied)
        return Node(value={key: child}, mark=self.mark, key=self.key, size=self.size + 1)

    def spelled_out(self, key: str) -> Node:
        """Return what a shorthand stands for: ``{key: self}``, or itself when it is a mapping."""
        return self if self.is_mapping else self.under(key, is_implied=True)

    def described(self) -> str:
        """Return what it is in a few words, as faults say what they got."""
        return describe_value(self.value)
