"""JSON Schemas of the documents that programs read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from poolbench.core.errors import BadInput, did_you_mean

SCHEMAS: Mapping[str, str] = {
    "tables": "what every command prints with --format json",
    "baseline": "the file of `poolbench store freeze`",
}


def schema_text(name: str) -> str:
    """Return a JSON Schema (draft 2020-12).

    Raises:
        BadInput: There is no schema with that name.
    """
    if name not in SCHEMAS:
        raise BadInput(f"unknown schema '{name}'", did_you_mean(name, SCHEMAS))
    return (files(__name__) / f"{name}.json").read_text(encoding="utf-8")
