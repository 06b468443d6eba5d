"""Which pairs of variants are compared, decided before any result is seen."""

from __future__ import annotations

from collections.abc import Iterable


def declared_pairs(
    variants: Iterable[str], baseline: str | None, planned: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return the contrasts with the baseline, then the planned pairs that are none of them.

    Args:
        variants: Every variant, in order.
        baseline: The variant that every other is compared with; ``None`` or empty for none.
        planned: Further pairs; a second one of the same two variants is dropped.
    """
    contrasts = [(baseline, name) for name in variants if baseline and name != baseline]
    by_names: dict[frozenset[str], tuple[str, str]] = {}
    for pair in (*contrasts, *planned):
        by_names.setdefault(frozenset(pair), pair)
    return tuple(by_names.values())
