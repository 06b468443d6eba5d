"""Which runs of a store a program selects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

from poolbench.app.stored_runs import StoredRun
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.globs import matches

_MAGIC = frozenset("*?[")


def selected(
    runs: Sequence[StoredRun],
    among: Sequence[StoredRun],
    *,
    variant: str | None,
    data: str | None,
    seed: int | None,
) -> list[StoredRun]:
    """Return the runs of a variant, of a data set, of a seed.

    Args:
        runs: The runs to select from.
        among: Those whose variants and data sets are known, ``runs`` among them.
        variant: A label or a glob; ``None`` for any.
        data: A name or a glob; ``None`` for any.
        seed: A seed; ``None`` for any.

    Raises:
        BadInput: A name is unknown, or a value is of another type.
    """
    _check_name("variant", variant, {run.variant for run in among})
    _check_name("data", data, {run.data for run in among})
    if seed is not None and (not isinstance(seed, Integral) or isinstance(seed, bool)):
        _refuse_type("seed", seed, "a whole number")
    return [
        run
        for run in runs
        if variant is None or matches(run.variant, variant)
        if data is None or matches(run.data, data)
        if seed in (None, run.seed)
    ]


def _check_name(what: str, asked: Any, known: Iterable[str]) -> None:
    if asked is None:
        return
    if not isinstance(asked, str):
        _refuse_type(what, asked, "a name or a glob")
    if asked not in known and not _MAGIC & set(asked):
        raise BadInput(f"{what}: no run of the store has '{asked}'", did_you_mean(asked, known))


def _refuse_type(what: str, asked: object, wanted: str) -> None:
    raise BadInput(f"{what}: expected {wanted}, got {asked!r}", f"for any, leave {what} out")
