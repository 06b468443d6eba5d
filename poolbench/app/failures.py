"""The error of cells that have no result, or of runs that are not fully measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolbench.core.counted import counted, first_of
from poolbench.core.errors import CellsFailed

_SHOWN_LABELS = 3

UNTRAINED = ("cell has no result", "cells have no result")
UNEVALUATED = ("network is not evaluated", "networks are not evaluated")
UNMEASURED = ("run is not fully measured", "runs are not fully measured")
"""What one failure is, and what several are: text that follows their number."""


def refuse_failures(
    failed: Mapping[str, str],
    what: tuple[str, str],
    summary: Any = None,
    *,
    findings: Any = None,
    again: str = "",
) -> None:
    """Raise an error if something failed.

    Args:
        failed: Reason by label.
        what: What one failure is, and what several are.
        summary: What was done besides; programs find it in the error.
        findings: Tables and charts of the others, likewise.
        again: How to try again; by default the same command.

    Raises:
        CellsFailed: Something failed.
    """
    if not failed:
        return
    by_reason: dict[str, list[str]] = {}
    for label, why in failed.items():
        by_reason.setdefault(why, []).append(label)
    # One mistake can fail every cell.
    reasons = "\n".join(
        f"  {first_of(labels, _SHOWN_LABELS)}: {why}" for why, labels in by_reason.items()
    )
    finished = f" ({summary})" if summary is not None else ""
    raise CellsFailed(
        f"{counted(len(failed), *what)}{finished}:\n{reasons}",
        f"finished cells are safe; {again or 'run the same command'} to try these again",
        summary=summary,
        findings=findings,
    )
