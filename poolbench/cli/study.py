"""From a command's options to a checked study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from poolbench.core.errors import BadInput

if TYPE_CHECKING:
    from poolbench.app.study import Study


def read_study(
    suite: str,
    *,
    profile: str | None,
    overrides: list[str] | None,
    only: list[str] | None = None,
    limit: int | None,
    data_root: Path | None,
    plugin: list[str] | None,
) -> Study:
    """Load the plug-ins, then the suite they may be needed for; arguments as in ``options``.

    Raises:
        BadInput: Everything that is wrong with the suite, each with file:line:column.
    """
    from poolbench.app.plugins import load_plugins
    from poolbench.app.study import load_study
    from poolbench.app.suites import find

    load_plugins(plugin or ())
    return load_study(
        find(suite),
        profile=profile,
        overrides=overrides or (),
        only=only or (),
        limit=limit,
        root=data_root,
    )


def read_studies(
    suite: str | None,
    *,
    store: Path,
    profile: str | None,
    overrides: list[str] | None,
    only: list[str] | None,
    limit: int | None,
    data_root: Path | None,
    plugin: list[str] | None,
) -> list[Study]:
    """Return the suite's study, or without one those that the store remembers, as trained.

    Raises:
        BadInput: The suite is not in order, or changes are given without one.
        NothingMatched: There is no suite, and no study in the store.
    """
    from poolbench.app.plugins import load_plugins
    from poolbench.app.results import stored_studies

    if suite is None:
        refuse_changes(profile=profile, overrides=overrides, only=only, limit=limit)
        load_plugins(plugin or ())
        return stored_studies(store)
    study = read_study(
        suite,
        profile=profile,
        overrides=overrides,
        only=only,
        limit=limit,
        data_root=data_root,
        plugin=plugin,
    )
    return [study]


def refuse_changes(
    *,
    profile: str | None,
    overrides: list[str] | None,
    only: list[str] | None,
    limit: int | None,
) -> None:
    """Refuse options that change a suite where none is named.

    Raises:
        BadInput: Some are given.
    """
    changes = {"profile": profile, "set": overrides, "only": only, "limit": limit}
    given = [f"--{name}" for name, value in changes.items() if value]
    if given:
        raise BadInput(f"{' and '.join(given)} without a SUITE", "name the suite that is meant")
