"""A suite as one tree: the files it extends, the file, the profile, the overrides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.experiment import kind_of
from poolbench.suite.composer import MAX_BYTES, compose, unfit
from poolbench.suite.faults import Faults, Mark, Source
from poolbench.suite.given import Given
from poolbench.suite.merge import lay
from poolbench.suite.nodes import Node
from poolbench.suite.schema import keys_of

SCHEMA = 1
MAX_EXTENDS = 5
MAX_KEYS = 20
IGNORED_PREFIX = "x-"


@dataclass(frozen=True, kw_only=True)
class Override:
    """A value given on the command line.

    Args:
        typed: As the user typed it: ``--set recipe.epochs=5``.
        text: ``recipe.epochs=5``; the value is YAML.
    """

    typed: str
    text: str


def read_document(
    path: Path | Given, profile: str | None, overrides: Sequence[Override], faults: Faults
) -> Node:
    """Read a suite, then lay its profile and the overrides over it.

    ``extends``, ``profiles`` and keys that start with ``x-`` are removed from the result.

    Args:
        path: The suite file, or a suite that is not in a file.
        profile: Name of one of its profiles.
        overrides: Laid over it in this order.
        faults: Where faults are collected.

    Returns:
        The tree.

    Raises:
        BadInput: A file cannot be read, is not YAML, extends itself, or has no such profile.
    """
    document = _extended(path, faults)
    profiles = document.entries.get("profiles")
    if profiles is not None:
        _check_profiles(profiles, keys_of(kind_of(document.entries)), faults)
    if profile is not None:
        chosen = _profile(profiles, profile, path)
        # Anything else is already a fault, and would hide the whole suite below it.
        if chosen.is_mapping:
            document = lay(chosen, document)
    document = lay_overrides(document, overrides, faults)
    entries = {
        key: child
        for key, child in document.entries.items()
        if key not in ("extends", "profiles") and not key.startswith(IGNORED_PREFIX)
    }
    return Node(value=entries, mark=document.mark, key=document.key)


def lay_overrides(document: Node, overrides: Sequence[Override], faults: Faults) -> Node:
    """Return a document with the values of the command line laid over it, in order.

    Raises:
        BadInput: One is not ``KEY.KEY=VALUE``, or its value is not YAML.
    """
    for override in overrides:
        document = lay(_read_override(override, faults), document)
    return document


def read_text(path: Path) -> str:
    """Return the text of a suite file.

    Raises:
        BadInput: It is missing, not a regular file, unreadable, too large or not UTF-8.
    """
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a directory", "name a suite file in it")
        if not path.is_file():
            raise BadInput(f"there is no file {path}", "list them with: poolbench list suites")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput(f"cannot read {path}: {reason}", "check its name and permissions") from None
    if len(content) > MAX_BYTES:
        raise BadInput(
            f"{path} is larger than {MAX_BYTES // 1024} KiB", "is it a suite? split it by `extends`"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path} is not UTF-8: byte {error.start} is 0x{content[error.start]:02x}",
            "save it with the encoding UTF-8",
        ) from None


def files_of(path: Path) -> tuple[Path, ...]:
    """Return a suite's file and those that it extends, directly or not.

    Raises:
        BadInput: As :func:`read_document`.
    """
    return tuple(file for file, _ in _chain(path, Faults()))


def _extended(path: Path | Given, faults: Faults) -> Node:
    *extending, (_, document) = _chain(path, faults)
    for _, over in reversed(extending):
        document = lay(over, document)
    return document


def _chain(path: Path | Given, faults: Faults) -> list[tuple[Path, Node]]:
    """Return a suite and what it extends, each with its file, the nearest first."""
    chain: list[tuple[Path, Node]] = []
    seen = set[Path]()
    if isinstance(path, Given):
        document, path = path.read(faults), path.beside
    else:
        document = _composed(path, read_text(path), faults)
    while True:
        if not document.is_mapping:
            faults.stop(document.mark, f"expected a mapping, got {document.described()}")
        _refuse_newer(document, faults)
        chain.append((path, document))
        base = document.entries.get("extends")
        if base is None:
            return chain
        if not isinstance(base.value, str) or Path(base.value).is_absolute():
            faults.stop(
                base.mark, "extends: expected a path relative to this file", "extends: ./base.yaml"
            )
        target = path.parent / base.value
        try:
            text = read_text(target)
        except BadInput as error:
            faults.stop(base.mark, error.message, error.hint)
        seen.add(path.resolve())
        if target.resolve() in seen:
            faults.stop(base.mark, f"{target} extends itself")
        if len(seen) > MAX_EXTENDS:
            faults.stop(base.mark, f"more than {MAX_EXTENDS} files extend one another")
        path, document = target, _composed(target, text, faults)


def _composed(path: Path, text: str, faults: Faults) -> Node:
    return _sound(str(path), text) or compose(text, _source(str(path), text), faults)


@lru_cache(maxsize=256)
def _sound(name: str, text: str) -> Node | None:
    """Return the tree of a file; ``None`` if it has faults.

    Suites extend one another, and an index of them reads some files dozens of times.
    """
    faults = Faults()
    try:
        document = compose(text, _source(name, text), faults)
    except BadInput:
        return None
    return None if faults else document


def _source(name: str, text: str) -> Source:
    return Source(name=name, lines=tuple(text.splitlines()))


def _refuse_newer(document: Node, faults: Faults) -> None:
    schema = document.entries.get("schema")
    # A newer suite may have keys unknown here; listing them would hide the actual reason.
    if schema is not None and type(schema.value) is int and schema.value > SCHEMA:
        faults.stop(
            schema.mark,
            f"written for a newer version: schema {schema.value}, this one reads {SCHEMA}",
            "upgrade poolbench",
        )


def _check_profiles(profiles: Node, known: Sequence[str], faults: Faults) -> None:
    if not profiles.is_mapping:
        faults.add(profiles.mark, f"profiles: expected a mapping, got {profiles.described()}")
    for name, part in profiles.entries.items():
        if not part.is_mapping:
            faults.add(part.mark, f"profiles.{name}: expected a mapping, got {part.described()}")
        for key, child in part.entries.items():
            if key not in known and not key.startswith(IGNORED_PREFIX):
                hint = did_you_mean(key, known)
                message = f"unknown key '{key}' in profiles.{name}"
                faults.add_unreadable(child.key, message, hint)


def _profile(profiles: Node | None, name: str, path: Path | Given) -> Node:
    known = profiles.entries if profiles is not None else {}
    if name not in known:
        hint = did_you_mean(name, known) or "it has no profiles"
        raise BadInput(f"{path} has no profile '{name}'", hint)
    return known[name]


def _read_override(override: Override, faults: Faults) -> Node:
    source = Source(name=override.typed, lines=(override.text,), is_file=False)
    mark = Mark(source=source, line=1, column=1)
    path, equals, value = override.text.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys) or len(keys) > MAX_KEYS:
        faults.stop(mark, "expected KEY.KEY=VALUE", "for example: recipe.epochs=5")
    if told := unfit(path):
        faults.stop(mark, told, "keys are plain words")
    if keys[0] in ("extends", "profiles"):
        faults.stop(mark, f"{keys[0]} cannot be set here", "set the value itself")
    node = compose(value, source, faults)
    for key in reversed(keys):
        node = node.under(key)
    return node
