"""What two trainings differ in, read from the very documents whose hashes tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from poolbench.core.cell import RECIPE_ABSENT
from poolbench.core.comparability import shown

_SHOWN_OF_A_CHECKSUM = 12
_ABSENT = {f"recipe.{name}": value for name, value in RECIPE_ABSENT.items()}


def identity_changes(here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """Yield everything that differs: ``recipe.optimizer.lr 0.1 instead of 0.2``.

    Args:
        here: ``Cell.settings`` of one training.
        there: Of the other.
    """
    yield from _of_mappings("", here, there)


def _of_mappings(prefix: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys((*here, *there)):
        absent = _ABSENT.get(f"{prefix}{key}")
        yield from _of_values(f"{prefix}{key}", here.get(key, absent), there.get(key, absent))


def _of_values(key: str, here: Any, there: Any) -> Iterator[str]:
    if here == there:
        return
    if not (isinstance(here, Mapping) and isinstance(there, Mapping)):
        yield f"{key} {_text(here)} instead of {_text(there)}"
    elif not (_is_named(here) and _is_named(there)):
        yield from _of_mappings(f"{key}.", here, there)
    elif here["name"] != there["name"]:  # the options of another optimiser, ... are its own
        yield f"{key} {here['name']} instead of {there['name']}"
    else:
        yield from _of_mappings(f"{key}.", here["options"], there["options"])
        rest = [{k: v for k, v in each.items() if k not in ("name", "options")}
                for each in (here, there)]  # fmt: skip
        yield from _of_mappings(f"{key} {here['name']}: ", *rest)


def _is_named(value: Mapping[str, Any]) -> bool:
    """Whether it is a component with its options; a baseline from elsewhere may hold anything."""
    return "name" in value and isinstance(value.get("options"), Mapping)


def _text(value: Any) -> str:
    if isinstance(value, Mapping) and "name" in value:
        return str(value["name"])
    if isinstance(value, list):
        items = (each if isinstance(each, str) else _text(each) for each in value)
        return ", ".join(items) or "none"
    if isinstance(value, str):
        return value[:_SHOWN_OF_A_CHECKSUM]
    return shown(value)
