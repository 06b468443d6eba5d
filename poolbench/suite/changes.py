"""What a command line changes of a suite, as the text of a suite that extends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from poolbench.core.errors import BadInput
from poolbench.suite.composer import compose
from poolbench.suite.document import Override, read_document
from poolbench.suite.faults import Faults, Source
from poolbench.suite.merge import DEVIATIONS, lay
from poolbench.suite.nodes import Node

Tree = Mapping[str, object]


def overrides_of(arguments: Sequence[str]) -> tuple[Override, ...]:
    """Return what the arguments of a study lay over its suite and its profile."""
    laid = []
    for option, value in zip(arguments[::2], arguments[1::2], strict=True):
        if option == "--set":
            laid.append(Override(typed=f"--set {value}", text=value))
        if option == "--limit":
            laid.append(Override(typed=f"--limit {value}", text=f"data.limit={value}"))
    return tuple(laid)


def changes_of(path: Path, profile: str, overrides: Sequence[Override]) -> Tree:
    """Return what a suite that extends another has to say, to be the other as changed.

    Args:
        path: The suite.
        profile: Name of one of its profiles; empty for none.
        overrides: Laid over it in this order.

    Raises:
        BadInput: The suite is invalid, or its changes take options away that the file gives, which
            no suite can that extends it.
    """
    whole = read_document(path, None, (), Faults())
    changed = read_document(path, profile or None, overrides, Faults())
    tree = _difference(changed, whole)
    if not _is_same(laid_over(tree, whole), changed):
        raise BadInput(
            f"no suite that extends {path} can be as it is with these changes: they take away "
            "options that it gives",
            "copy the suite and change the copy",
        )
    return tree


def whole_of(path: Path, profile: str, overrides: Sequence[Override]) -> Tree:
    """Return a suite with everything that it extends, its profile and the overrides in it.

    Raises:
        BadInput: The suite is invalid.
    """
    tree = read_document(path, profile or None, overrides, Faults()).plain()
    assert isinstance(tree, Mapping)  # noqa: S101 - as every suite
    return tree


def laid_over(tree: Tree, base: Node) -> Node:
    """Return a suite with a tree laid over it, as ``extends`` does."""
    return lay(_node(tree), base)


def joined(over: Tree, tree: Tree) -> Tree:
    """Return one tree laid over another."""
    made = lay(_node(over), _node(tree)).plain()
    assert isinstance(made, Mapping)  # noqa: S101 - as both are
    return made


def _difference(changed: Node, whole: Node) -> Tree:
    found: dict[str, object] = {}
    for key, child in changed.entries.items():
        other = whole.entries.get(key)
        if other is None:
            found[key] = child.plain()
        elif not _is_same(child, other):
            found[key] = _changed(key, child, other)
    return found


def _changed(key: str, child: Node, other: Node) -> object:
    if key == DEVIATIONS and child.is_list and other.is_list:
        return tuple(item.plain() for item in child.items[len(other.items) :])
    names = (node.entries.get("name") for node in (child, other))
    if child.is_mapping and other.is_mapping and len({n and n.value for n in names}) == 1:
        return _difference(child, other)
    return child.plain()


def _is_same(one: Node, other: Node) -> bool:
    # As text: True is not 1, nor 1 the same as 1.0.
    return json.dumps(one.plain(), sort_keys=True) == json.dumps(other.plain(), sort_keys=True)


def _node(tree: Tree) -> Node:
    source = Source(name="the changes", lines=(), is_file=False)
    return compose(json.dumps(tree, ensure_ascii=False), source, Faults())


def block(tree: Tree, depth: int) -> Iterator[str]:
    """Yield a tree as lines of YAML: a line for each key down to a depth, then in braces."""
    for key, value in tree.items():
        if depth > 1 and isinstance(value, Mapping) and value:
            yield f"{_key(key)}:"
            yield from (f"  {line}" for line in block(value, depth - 1))
        else:
            yield f"{_key(key)}: {_flow(value)}"


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    is_plain = key.isidentifier() and key.isascii() and key not in ("true", "false", "null")
    return key if is_plain else json.dumps(key, ensure_ascii=False)
