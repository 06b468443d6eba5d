"""Variants that cannot be told apart: the same predictions, bit by bit, in every seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from poolbench.stats.caveats import Caveat

Prints = Sequence[str | None]


def about_identical(predictions: Mapping[str, Prints]) -> Iterator[Caveat]:
    """Name the variants whose runs predict the same: trained apart, that is no coincidence.

    Args:
        predictions: Per variant, what identifies the predictions of each seed; ``None`` for a run
            that is missing or diverged. A seed counts where both variants have it, and where
            neither has one, nothing is said.

    Yields:
        One caveat for each group of variants.
    """
    left = list(predictions)
    while left:
        first, *rest = left
        same = [first, *(name for name in rest if _agree(predictions[first], predictions[name]))]
        left = [name for name in rest if name not in same]
        if len(same) > 1:
            yield Caveat(
                code="identical",
                text=f"{', '.join(same)}: identical predictions in every seed, so nothing was "
                "compared; where a pool sees one element, operators do not differ "
                "(`poolbench plan` shows the maps)",
                variants=tuple(same),
            )


def _agree(one: Prints, other: Prints) -> bool:
    both = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return bool(both) and all(a == b for a, b in both)
