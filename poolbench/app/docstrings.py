"""Docstrings of catalogue entries, read from the source without importing it."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path


def docstring(target: str) -> str:
    """Return the docstring of a target, empty if its source has none.

    Args:
        target: ``package.module:Name``, as in a catalogue entry.
    """
    module, _, name = target.partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return ""
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
    return ""
