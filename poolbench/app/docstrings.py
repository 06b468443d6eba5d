"""The docstring of what a catalogue names, as a table; read from the source, so nothing loads."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from poolbench.report.table import Column, Table, text_cell

_SECTION = re.compile(r"^([A-Z][a-z]+):$")


def docstring(target: str) -> str:
    """Return the docstring of ``package.module:Name``; empty when its source has none.

    Args:
        target: As a catalogue entry gives it.
    """
    module, _, name = target.partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return ""
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
    return ""


def docstring_table(name: str, target: str) -> Table | None:
    """Return a docstring by its sections, formulas a line each; ``None`` when there is none.

    Args:
        name: What is described.
        target: As a catalogue entry gives it.
    """
    text = inspect.cleandoc(docstring(target))
    if not text:
        return None
    return Table(
        title=f"{name} in full",
        columns=(
            Column(title="", fields=("part",), is_text=True),
            Column(title="", fields=("words",), is_text=True),
        ),
        rows=tuple((text_cell(part), text_cell(said)) for part, said in _parts(text)),
    )


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield (heading, paragraph): sections, their entries, and literal lines as they stand."""
    for block in re.split(r"\n(?=[A-Z][a-z]+:\n)", text):
        first, _, rest = block.partition("\n")
        section = _SECTION.match(first)
        if section is None:
            yield from (("", paragraph) for paragraph in _paragraphs(block))
            continue
        heading = section.group(1)
        for entry in re.split(r"\n(?=\S)", inspect.cleandoc(rest)):
            yield heading, " ".join(entry.split())
            heading = ""


def _paragraphs(block: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", block.strip()):
        lines = paragraph.split("\n")
        if all(line.startswith("    ") for line in lines):
            yield from (line.strip() for line in lines)
        else:
            yield " ".join(line.strip() for line in lines)
