"""What a study does not have from its suite, or from its source, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from poolbench.core.comparability import PUBLISHED_DATA
from poolbench.core.study import Study


def about_differences(study: Study, dataset: str, *, is_compared: bool = False) -> Iterator[str]:
    """Say what differs from the suite, and what that means for published numbers.

    Args:
        study: The study.
        dataset: Data set of the table.
        is_compared: Whether the table shows published numbers.
    """
    published = study.analysis.published.get(dataset, {}) if is_compared else {}
    incomparable: dict[str, list[str]] = {}
    seeds: list[str] = []
    for difference in study.analysis.differences:
        if difference.dataset != dataset:
            continue
        if not difference.is_incomparable:
            seeds.append(difference.text)
            continue
        touched = [name for name in study.variants if name in difference.variants]
        whose = "" if touched == [*study.variants] else f" ({', '.join(touched)})"
        incomparable.setdefault(difference.reference, []).append(f"{difference.text}{whose}")
    changes = " ".join(_typed(study))
    by = f" (changed by {changes})" if changes else ""
    for reference, texts in incomparable.items():
        verdict = "not comparable with the published numbers: " if published else ""
        # What a folder of data holds, no option changed.
        cause = "" if reference == PUBLISHED_DATA else by
        yield f"{verdict}differs from {reference}{cause}: {'; '.join(texts)}"
    if seeds:
        is_all = bool(published) and not incomparable
        meaning = "; the means stay comparable, other seeds only change their interval"
        yield f"differs from the suite: {'; '.join(seeds)}{meaning if is_all else ''}"


def published_document(study: Study, dataset: str) -> dict[str, Any]:
    """Return the published numbers with what they can be compared with, for programs.

    Returns:
        By variant ``mean`` and ``std`` as fractions, ``comparable``, and the ``reasons`` if it is
        not.
    """
    return {
        variant: {
            "mean": mean / 100,
            "std": std / 100,
            "comparable": not (reasons := study.analysis.incomparable(dataset, variant)),
            "reasons": list(reasons),
        }
        for variant, (mean, std) in study.analysis.published.get(dataset, {}).items()
    }


def _typed(study: Study) -> Iterator[str]:
    """Yield the options that changed the suite; ``--only`` changes no run."""
    pairs = zip(study.arguments[::2], study.arguments[1::2], strict=False)
    for option, value in pairs:
        if option != "--only":
            yield f"{option} {value}"
