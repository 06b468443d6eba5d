"""A name of a catalogue with its options, as runs are described by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poolbench.core.document import Count, Facts
from poolbench.core.plugin_source import PluginSource


@dataclass(frozen=True, kw_only=True)
class Named:
    """A catalogue name with every option, defaults included.

    Args:
        name: Of the entry.
        options: In the order of the catalogue; lists become tuples.
        revision: Of the entry.
        plugin: The plug-in that the entry is from; ``None`` for a built-in one.
    """

    name: str
    options: Facts
    revision: Count = 1
    plugin: PluginSource | None = None

    def __post_init__(self) -> None:
        if any(isinstance(value, list) for value in self.options.values()):
            object.__setattr__(self, "options", with_tuples(self.options))

    def __str__(self) -> str:
        shown = ", ".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self.name}({shown})" if shown else self.name


def with_tuples(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as a suite's are, which a JSON document has as lists."""
    return {
        key: tuple(value) if isinstance(value, list) else value for key, value in options.items()
    }
