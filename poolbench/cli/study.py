"""From a command's options to a checked study and to its run settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolbench.core.errors import BadInput

if TYPE_CHECKING:
    from poolbench.app.study import Study
    from poolbench.app.train import Settings
    from poolbench.cli.groups import Running, Selection


def read_study(suite: str, selection: Selection) -> Study:
    """Load the plug-ins, then the suite, which may need them.

    Raises:
        BadInput: Everything that is wrong with the suite, each with file:line:column.
    """
    from poolbench.app.study import load_study
    from poolbench.app.suites import find
    from poolbench.core.plugins import load_plugins

    load_plugins(selection.plugins or ())
    return load_study(
        find(suite),
        profile=selection.profile,
        overrides=selection.overrides or (),
        only=selection.only or (),
        limit=selection.limit,
        root=selection.data_root,
    )


def read_studies(suite: str | None, selection: Selection) -> list[Study]:
    """Return the suite's study, or without a suite the stored studies, as trained.

    Raises:
        BadInput: The suite is invalid, or changes are given without a suite.
        NothingMatched: There is no suite, and no study in the store.
    """
    from poolbench.app.results import stored_studies
    from poolbench.core.plugins import load_plugins

    if suite is not None:
        return [read_study(suite, selection)]
    refuse_changes(selection)
    load_plugins(selection.plugins or ())
    return stored_studies(selection.store)


def refuse_changes(selection: Selection) -> None:
    """Reject options that change a suite if no suite is named.

    Raises:
        BadInput: Some are given.
    """
    changes = {
        "--profile": selection.profile,
        "--set": selection.overrides,
        "--only": selection.only,
        "--limit": selection.limit,
    }
    if given := [option for option, value in changes.items() if value]:
        raise BadInput(f"{' and '.join(given)} without a SUITE", "name the suite to change")


def settings_of(selection: Selection, running: Running, *, download: bool = False) -> Settings:
    """Return how to run the selected cells."""
    from poolbench.app.train import Settings

    return Settings(
        store=selection.store,
        device=running.device,
        jobs=running.jobs,
        engine=running.engine,
        root=selection.data_root,
        download=download,
        plugins=tuple(selection.plugins or ()),
        wait=running.wait,
    )
