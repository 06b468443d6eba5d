"""From a command's options to a checked study, and to the way it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolbench.core.errors import BadInput

if TYPE_CHECKING:
    from poolbench.app.study import Study
    from poolbench.app.train import Settings
    from poolbench.cli.groups import Chosen, Running


def read_study(suite: str, chosen: Chosen) -> Study:
    """Load the plug-ins, then the suite they may be needed for.

    Raises:
        BadInput: Everything that is wrong with the suite, each with file:line:column.
    """
    from poolbench.app.study import load_study
    from poolbench.app.suites import find
    from poolbench.core.plugins import load_plugins

    load_plugins(chosen.plugins or ())
    return load_study(
        find(suite),
        profile=chosen.profile,
        overrides=chosen.overrides or (),
        only=chosen.only or (),
        limit=chosen.limit,
        root=chosen.data_root,
    )


def read_studies(suite: str | None, chosen: Chosen) -> list[Study]:
    """Return the suite's study, or without one those that the store remembers, as trained.

    Raises:
        BadInput: The suite is not in order, or changes are given without one.
        NothingMatched: There is no suite, and no study in the store.
    """
    from poolbench.app.results import stored_studies
    from poolbench.core.plugins import load_plugins

    if suite is not None:
        return [read_study(suite, chosen)]
    refuse_changes(chosen)
    load_plugins(chosen.plugins or ())
    return stored_studies(chosen.store)


def refuse_changes(chosen: Chosen) -> None:
    """Refuse options that change a suite where none is named.

    Raises:
        BadInput: Some are given.
    """
    changes = {
        "--profile": chosen.profile,
        "--set": chosen.overrides,
        "--only": chosen.only,
        "--limit": chosen.limit,
    }
    if given := [option for option, value in changes.items() if value]:
        raise BadInput(f"{' and '.join(given)} without a SUITE", "name the suite that is meant")


def settings_of(chosen: Chosen, running: Running, *, download: bool = False) -> Settings:
    """Return how to run what was chosen."""
    from poolbench.app.train import Settings

    return Settings(
        store=chosen.store,
        device=running.device,
        jobs=running.jobs,
        engine=running.engine,
        root=chosen.data_root,
        download=download,
        plugins=tuple(chosen.plugins or ()),
        wait=running.wait,
    )
