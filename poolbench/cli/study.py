"""From a command's options to a checked study and to its run settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poolbench.cli.output import tell
from poolbench.core.errors import BadInput

if TYPE_CHECKING:
    from poolbench.app.study import Study
    from poolbench.app.train import Settings
    from poolbench.cli.groups import Running, Selection


def load_study(suite: str, selection: Selection, *, download: bool = False) -> Study:
    """Load the suite, and fetch published weights that it starts from if asked to.

    Raises:
        BadInput: Everything that is wrong with the suite, each with file:line:column.
    """
    from poolbench.app.study import load_study
    from poolbench.app.suites import find

    return load_study(
        find(suite),
        **_changes(selection),
        root=selection.data_root,
        download=download,
        tell=tell,
    )


def load_studies(suite: str | None, selection: Selection) -> list[Study]:
    """Return the suite's study, or without a suite the stored studies, as trained.

    A suite that cannot be read for want of a plug-in is taken as the store remembers it.

    Raises:
        BadInput: The suite is invalid, or changes are given without a suite.
        NothingMatched: There is no suite, and no study in the store.
    """
    from poolbench.app.results import stored_studies

    if suite is not None:
        try:
            return [load_study(suite, selection)]
        except BadInput as refusal:
            return [_as_trained(suite, selection, refusal)]
    refuse_changes(selection)
    return stored_studies(selection.store)


def _as_trained(suite: str, selection: Selection, refusal: BadInput) -> Study:
    from poolbench.app.remembered import remembered
    from poolbench.app.suites import find

    found = remembered(
        selection.store,
        find(suite),
        refusal,
        **_changes(selection),
    )
    if found is None:
        raise refusal
    study, plugins = found
    tell(f"{suite} is read as it was trained: not loaded is the plug-in {', '.join(plugins)}")
    return study


def _changes(selection: Selection) -> dict[str, Any]:
    return {
        "profile": selection.profile,
        "overrides": selection.overrides or (),
        "only": selection.only or (),
        "limit": selection.limit,
    }


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
    from poolbench.core.plugins import loaded_files

    return Settings(
        store=selection.store,
        device=running.device,
        jobs=running.jobs,
        engine=running.engine,
        root=selection.data_root,
        download=download,
        plugins=loaded_files(),
        wait=running.wait,
    )
