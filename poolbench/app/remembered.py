"""A suite that cannot be read without a plug-in: as the store remembers it from its training."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from poolbench.core.errors import BadInput
from poolbench.core.study import Study
from poolbench.runtime.components import components_of
from poolbench.store.store import Store
from poolbench.suite.load import arguments_of

_FAULT = re.compile(r"^\S+:\d+:\d+: ", re.MULTILINE)


def remembered(
    store_path: Path,
    suite: Path,
    refusal: BadInput,
    *,
    profile: str | None,
    overrides: Sequence[str],
    only: Sequence[str],
    limit: int | None,
) -> tuple[Study, tuple[str, ...]] | None:
    """Return a suite's study as it was trained, where only plug-ins are lacking to read it.

    Args:
        store_path: The store's folder; there need be none.
        suite: The file that was refused.
        refusal: Why; with any other fault than names of its plug-ins, nothing is returned.
        profile: As it was asked for; so are all that follow.
        overrides: Changes to it.
        only: Globs of variants.
        limit: Images of each split.

    Returns:
        The latest such study, and the plug-ins it was trained with.
    """
    asked = (str(suite), arguments_of(profile, overrides, only, limit))
    if not Store.is_at(store_path):
        return None
    for study in reversed(list(Store(store_path).studies())):
        if (study.origin, study.arguments) != asked:
            continue
        lacking = {
            f"unknown {catalogue.kind} '{named.name}'": str(named.plugin)
            for cell in study.cells
            for catalogue, named in components_of(cell)
            if named.plugin is not None and named.name not in catalogue
        }
        faults = _FAULT.split(refusal.message)[1:]
        if faults and all(fault.startswith(tuple(lacking)) for fault in faults):
            return study, tuple(dict.fromkeys(lacking.values()))
    return None
