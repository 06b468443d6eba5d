"""What two runs of one cell must agree on: results, not durations, hosts or library versions."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

from poolbench.core.measurement import Measurement
from poolbench.store.commit import HISTORY, PREDICTIONS, WEIGHTS, Commit
from poolbench.store.documents import epochs_from_lines


def run_differences(first: Commit, other: Commit) -> tuple[str, ...]:
    """Return how a run differs from the first one of its cell; empty if it repeats it.

    Args:
        first: The run that counts.
        other: Another run of the same cell.

    Returns:
        Phrases such as ``same accuracy`` and ``other weights``; the first is of the outcome.

    Raises:
        Damaged: A file that has to be read is not what was written.
    """
    a, b = first.result, other.result
    if a.status != b.status:
        return (f"{b.status} instead of {a.status}",)
    told = list(_other_parts(first, other))
    if (a.correct, a.total) != (b.correct, b.total):
        return (
            f"accuracy {_share(b.correct, b.total)} instead of {_share(a.correct, a.total)}",
            *told,
        )
    same = "same accuracy" if a.status == "ok" else "both diverged"
    return (same, *told) if told else ()


def measurement_differences(first: Measurement, other: Measurement) -> tuple[str, ...]:
    """Return how a measurement differs from the first one with its key; empty if it repeats it."""
    if first.status != other.status:
        return (f"{other.status} instead of {first.status}",)
    pairs = zip(first.points, other.points, strict=False)
    moved = [
        f"{b.correct} instead of {a.correct} of {a.total} right at {a.at:g}"
        for a, b in pairs
        if (a.at, a.correct, a.total) != (b.at, b.correct, b.total)
    ]
    if moved or len(first.points) != len(other.points):
        return tuple(moved) or ("other settings",)
    # What later versions note besides, and the machine, are no results.
    noted = {"environment": {}, "axis": "", "norm": "", "reason": ""}
    if replace(first, **noted) != replace(other, **noted):  # type: ignore[arg-type]
        return "same accuracies", "other images or facts"
    return ()


def _other_parts(first: Commit, other: Commit) -> Iterator[str]:
    a, b = first.result, other.result
    if a.epochs != b.epochs:
        yield f"{b.epochs} instead of {a.epochs} epochs"
    if a.test_loss != b.test_loss:
        yield "other test loss"
    if _differ(first, other, HISTORY) and (
        epochs_from_lines(first.read(HISTORY)) != epochs_from_lines(other.read(HISTORY))
    ):
        yield "other history"
    if _differ(first, other, PREDICTIONS) and not _same_arrays(
        first.read(PREDICTIONS), other.read(PREDICTIONS)
    ):
        yield "other predictions"
    if _differ(first, other, WEIGHTS):
        yield "other weights"


def _differ(first: Commit, other: Commit, name: str) -> bool:
    """Whether a file has other bytes; one that is only in one of the runs is not compared."""
    a, b = first.files.get(name), other.files.get(name)
    return a is not None and b is not None and a.sha256 != b.sha256


def _same_arrays(first: bytes, other: bytes) -> bool:
    """Whether two archives hold equal arrays: versions of numpy may pack them in other bytes.

    Arrays that only one of them has are not compared: an older version did not store them.
    """
    import numpy as np  # listing a store needs none

    try:
        with np.load(io.BytesIO(first)) as a, np.load(io.BytesIO(other)) as b:
            shared = {*a} & {*b}
            return bool(shared) and all(np.array_equal(a[name], b[name]) for name in shared)
    except Exception:  # no archive, in whatever way: bytes are all there is to compare
        return False


def _share(correct: int, total: int) -> str:
    return f"{100 * correct / total:.2f} % ({correct} of {total})"
