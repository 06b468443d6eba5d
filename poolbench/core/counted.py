"""Numbers with their nouns and verbs, and lists of which only the first are named."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with what it counts: ``"1 cell"``, ``"3 cells"``.

    Args:
        number: How many.
        one: What one is, or does: ``cell``, ``differs``.
        several: What several are, or do: ``differ``; by default ``one`` with an s.
    """
    return f"{number:,} {one}" if number == 1 else f"{number:,} {several or f'{one}s'}"


def quoted(noun: str, names: Sequence[str]) -> str:
    """Return a noun with names in quotes: ``"site 'head'"``, ``"sites 'head', 'stem'"``."""
    listed = ", ".join(f"'{name}'" for name in names)
    return f"{noun}{'' if len(names) == 1 else 's'} {listed}"


def first_of(names: Sequence[str], most: int) -> str:
    """Return names with the number of those left out: ``"ant, bee and 1,040 more"``."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def lines_of(first: Sequence[str], count: int) -> str:
    """Return what goes under a headline that ends with a colon: lines, and how many are left out.

    >>> print("insects:" + lines_of(["ant", "bee"], 1042))
    insects:
      ant
      bee
      and 1,040 more

    Args:
        first: The first of them, one line each.
        count: Number of all.
    """
    more = [f"and {count - len(first):,} more"] if count > len(first) else []
    return "".join(f"\n  {line}" for line in (*first, *more))
