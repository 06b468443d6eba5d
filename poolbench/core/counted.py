"""Numbers with their nouns."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``"1 cell"``, ``"3 cells"``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
