"""Numbers with their nouns and verbs."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with what it counts: ``"1 cell"``, ``"3 cells"``.

    Args:
        number: How many.
        one: What one is, or does: ``cell``, ``differs``.
        several: What several are, or do: ``differ``; by default ``one`` with an s.
    """
    return f"{number:,} {one}" if number == 1 else f"{number:,} {several or f'{one}s'}"
