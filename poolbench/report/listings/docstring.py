"""A docstring as a table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from poolbench.report.table import Column, Table, text_cell

_SECTION = re.compile(r"^([A-Z][a-z]+):$")


def docstring_table(name: str, text: str) -> Table:
    """Return a table of a docstring by sections, with a line for each formula.

    Args:
        name: Name of the described entry.
        text: The docstring.
    """
    return Table(
        title=f"{name} in full",
        columns=(
            Column(title="", fields=("part",), is_text=True),
            Column(title="", fields=("words",), is_text=True),
        ),
        rows=tuple(
            (text_cell(part), text_cell(body)) for part, body in _parts(inspect.cleandoc(text))
        ),
    )


def in_short(text: str) -> str:
    """Return a docstring's first paragraph, properties and references."""
    first, *sections = re.split(r"\n(?=[A-Z][a-z]+:\n)", inspect.cleandoc(text))
    kept = [each for each in sections if each.startswith(("Properties:", "References:"))]
    return "\n".join([first.partition("\n\n")[0], *kept])


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield (heading, paragraph) for sections, their entries, and literal lines unchanged."""
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
