"""How messages name an option: as it is typed in a shell, or as a program passes it."""

from __future__ import annotations

from collections.abc import Callable

Spelling = Callable[[str], str]
"""From an option's name in Python, such as ``trained_with``."""


def flag(name: str) -> str:
    """Return an option as it is typed: ``--trained-with``."""
    return f"--{name.replace('_', '-')}"


def argument(name: str) -> str:
    """Return an option as a program passes it: ``trained_with``."""
    return name
