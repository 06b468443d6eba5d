"""YAML text to nodes, without constructing objects and within fixed limits.

The tree is built from PyYAML's parse events: no tag can name a type, and depth and size are
bounded while reading. An alias shares its anchor's node and counts with the anchor's whole size,
so a YAML bomb is rejected as soon as it exceeds the limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn, cast

import yaml

from poolbench.suite.faults import Faults, Mark, Source
from poolbench.suite.nodes import Node
from poolbench.suite.scalars import resolve

MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 40
MAX_KEY_LENGTH = 200
MERGE_KEY = "<<"

# Escapes can spell characters that YAML text itself may not hold: control codes, which a terminal
# would obey, and halves of surrogate pairs, which no file could hold.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def unfit(text: str) -> str:
    """Return which character a text may not hold, in words; empty if it may hold them all."""
    character = _UNFIT.search(text)
    return f"text with the character U+{ord(character.group()):04X}" if character else ""


def compose(text: str, source: Source, faults: Faults) -> Node:
    """Read one YAML document.

    Args:
        text: The document.
        source: What its marks refer to.
        faults: Collects faults that do not end the reading: duplicate keys, tags, bad scalars.

    Returns:
        The root of the tree.

    Raises:
        BadInput: It is not YAML, holds no document or several, or exceeds a limit.
    """
    start = Mark(source=source, line=1, column=1)
    if len(text) > MAX_BYTES:
        faults.stop(start, f"larger than {MAX_BYTES // 1024} KiB, the limit of a suite")
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        return _Composer(events, source, faults).document()
    except yaml.MarkedYAMLError as error:
        position = error.problem_mark or error.context_mark
        if position is not None:
            start = replace(start, line=position.line + 1, column=position.column + 1)
        faults.stop(start, f"not valid YAML: {error.problem or error.context}", _advice(error))
    except yaml.reader.ReaderError as error:
        before = text[: error.position].split("\n")
        start = replace(start, line=len(before), column=len(before[-1]) + 1)
        code = f"U+{int(error.character):04X}"
        faults.stop(start, f"not valid YAML: the character {code} is not allowed")
    except (ValueError, OverflowError):
        # PyYAML passes escapes such as "\UFFFFFFFF" to chr() as they are.
        faults.stop(start, "not valid YAML: an escape is not a character")


def compose_option(text: str, typed: str, faults: Faults) -> Node:
    """Read the value of a command's option.

    Args:
        text: The value, which is YAML.
        typed: The option as it was typed, which messages name: ``--attack fgsm``.
        faults: As for :func:`compose`.

    Raises:
        BadInput: As :func:`compose`.
    """
    return compose(text, Source(name=typed, lines=(text,), is_file=False), faults)


def _advice(error: yaml.MarkedYAMLError) -> str:
    if "'\\t'" in (error.problem or ""):
        return "indent with spaces, not tabs"
    if "mapping values are not allowed" in (error.problem or ""):
        return "put text that contains ': ' in quotes"
    return ""


class _Composer:
    def __init__(self, events: Iterator[yaml.Event], source: Source, faults: Faults) -> None:
        self._events = events
        self._source = source
        self._faults = faults
        self._count = 0
        self._anchors: dict[str, Node | None] = {}

    def document(self) -> Node:
        next(self._events)
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            start = Mark(source=self._source, line=1, column=1)
            if not self._source.is_file:
                self._faults.stop(start, "the value is missing", "for none, write null, '' or []")
            self._faults.stop(start, "the file is empty", "a suite starts with 'schema: 1'")
        root = self._node(next(self._events), depth=1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._stop(after, "a second YAML document", "one file holds one suite")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._stop(event, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._grow(event, 1)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = None
        if getattr(event, "tag", None) not in (None, "!"):
            self._faults.add_unreadable(
                self._mark(event), "a suite cannot use tags (!)", "write the value without it"
            )
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent) -> Node:
        if event.anchor not in self._anchors:
            self._stop(event, f"unknown anchor '{event.anchor}'")
        node = self._anchors[event.anchor]
        if node is None:
            self._stop(event, f"'{event.anchor}' contains itself")
        self._grow(event, node.size)
        return node

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        mark = self._mark(event)
        if told := unfit(event.value):
            self._faults.add_unreadable(mark, told, "write it out")
        is_plain = event.style is None and event.tag is None
        try:
            value = resolve(event.value) if is_plain else event.value
        except ValueError as error:
            self._faults.add_unreadable(mark, str(error))
            value = event.value
        return Node(value=value, mark=mark, key=mark)

    def _sequence(self, event: yaml.Event, depth: int) -> Node:
        items = []
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            node = self._node(item, depth + 1)
            items.append(replace(node, key=node.mark))
        mark = self._mark(event)
        size = 1 + sum(node.size for node in items)
        return Node(value=tuple(items), mark=mark, key=mark, size=size)

    def _mapping(self, event: yaml.Event, depth: int) -> Node:
        entries: dict[str, Node] = {}
        inherited: list[Node] = []
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            name = self._key(key, depth)
            key_mark = self._mark(key)
            node = self._node(next(self._events), depth + 1)
            if name == MERGE_KEY and getattr(key, "style", None) is None:
                inherited += self._mappings(node)
            elif name in entries:
                first = entries[name].key.line
                self._faults.add(
                    key_mark, f"duplicate key '{name}'", f"first given on line {first}"
                )
            else:
                entries[name] = replace(node, key=key_mark)
        for node in inherited:
            entries = {**node.entries, **entries}
        mark = self._mark(event)
        size = 1 + sum(1 + node.size for node in entries.values())
        return Node(value=entries, mark=mark, key=mark, size=size)

    def _key(self, event: yaml.Event, depth: int) -> str:
        node = self._node(event, depth + 1)
        name = event.value if isinstance(event, yaml.ScalarEvent) else node.value
        if not isinstance(name, str):
            self._stop(event, "a key must be text")
        if len(name) > MAX_KEY_LENGTH:
            self._faults.add_unreadable(
                self._mark(event), f"a key of more than {MAX_KEY_LENGTH} characters"
            )
        return _UNFIT.sub("\ufffd", name)  # the forms take no halves; the fault is told

    def _mappings(self, node: Node) -> tuple[Node, ...]:
        parts = node.items if node.is_list else (node,)
        for part in parts:
            if not part.is_mapping:
                self._faults.add(part.mark, f"'<<' takes mappings, not {part.described()}")
        return parts

    def _grow(self, event: yaml.Event, size: int) -> None:
        self._count += size
        if self._count > MAX_NODES:
            self._stop(event, f"more than {MAX_NODES:,} values, aliases spelled out")

    def _mark(self, event: yaml.Event) -> Mark:
        start, end = cast(yaml.Mark, event.start_mark), cast(yaml.Mark, event.end_mark)
        is_short = isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) and start.line == end.line
        return Mark(
            source=self._source,
            line=start.line + 1,
            column=start.column + 1,
            length=max(1, end.column - start.column) if is_short else 1,
        )

    def _stop(self, event: yaml.Event, message: str, hint: str = "") -> NoReturn:
        self._faults.stop(self._mark(event), message, hint)
