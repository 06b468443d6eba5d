"""A suite that cannot be read without a plug-in, as the store recorded it for training."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from poolbench.core.errors import BadInput
from poolbench.core.printable import printable
from poolbench.core.study import Study
from poolbench.probes import PROBES
from poolbench.runtime.components import components_of_study
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
    """Return a suite's study as it was trained, if only missing plug-ins prevent reading it.

    Args:
        store_path: Folder of the run store; it need not exist.
        suite: The file that could not be read.
        refusal: The error from reading it.
        profile: Profile of the command.
        overrides: Changes to the suite.
        only: Globs of variants.
        limit: Images in each split.

    Returns:
        The latest such study and the plug-ins it was trained with; ``None`` if there is none, or
        the suite has other faults.
    """
    requested = (printable(str(suite)), arguments_of(profile, overrides, only, limit))
    if not Store.is_at(store_path):
        return None
    for study in reversed(list(Store(store_path).studies())):
        if (study.origin, study.arguments) != requested:
            continue
        components = (*components_of_study(study), *((PROBES, probe) for probe in study.probes))
        missing = {
            f"unknown {catalogue.kind} '{named.name}'": str(named.plugin)
            for catalogue, named in components
            if named.plugin is not None and named.name not in catalogue
        }
        faults = _FAULT.split(refusal.message)[1:]
        if faults and all(fault.startswith(tuple(missing)) for fault in faults):
            return study, tuple(dict.fromkeys(missing.values()))
    return None
