"""Checking a node against a form: every error from pydantic becomes a fault with its position."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from poolbench.core.errors import did_you_mean
from poolbench.suite.faults import Faults
from poolbench.suite.nodes import Node
from poolbench.suite.schema import Form

F = TypeVar("F", bound=Form)


def read_form(form: type[F], node: Node, name: str, faults: Faults) -> F | None:
    """Check a mapping.

    Args:
        form: Its keys, types and ranges.
        node: The mapping.
        name: Its name in messages, such as ``recipe``; empty for the suite itself.
        faults: Where faults are collected.

    Returns:
        The checked values, or ``None`` after adding at least one fault.
    """
    if not node.is_mapping:
        faults.add(node.mark, f"{name}: expected a mapping, got {node.described()}")
        return None
    try:
        return form.model_validate(node.plain())
    except ValidationError as error:
        for complaint in error.errors(include_url=False, include_context=False):
            _add_fault(form, node, name, complaint["type"], complaint["loc"], faults)
        return None


def _add_fault(
    form: type[Form],
    node: Node,
    name: str,
    complaint: str,
    location: tuple[str | int, ...],
    faults: Faults,
) -> None:
    fields = {field.alias or key: field for key, field in form.model_fields.items()}
    key = str(location[0])
    if complaint == "extra_forbidden":
        hint = did_you_mean(key, fields)
        where = name or "the suite"
        faults.add(node.entries[key].key, f"unknown key '{key}' in {where}", hint)
        return
    wanted = fields[key].description or "a value"
    if complaint == "missing" and len(location) == 1:
        faults.add(node.key, f"{_path(name, key)} is missing", f"expected {wanted}")
        return
    path = name if node.entries[key].is_implied else _path(name, key)
    wrong = node.at(location)
    faults.add(wrong.mark, f"{path}: expected {wanted}, got {wrong.described()}")


def _path(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
