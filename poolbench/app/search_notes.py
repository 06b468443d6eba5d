"""What commands other than ``tune`` say of the search of a suite."""

from __future__ import annotations

from contextlib import suppress

from poolbench.app.suites import command
from poolbench.core.counted import counted
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.study import Study
from poolbench.search.api import create
from poolbench.store.store import Store


def about_search(study: Study) -> list[str]:
    """Return what a search trains besides the cells of a study, as a note; none without one."""
    if study.search is None:
        return []
    most = create(study.search).budget
    return [
        f"its search, {study.search.name}, trains other cells than these: at most "
        f"{counted(most.points, 'point')} and {counted(most.folds, 'fold')} for each variant; "
        f"search: {command('tune', study)}"
    ]


def first_steps(study: Study, store: Store) -> str:
    """Return what to type for the first results of a study, as the hint of an error."""
    train = f"train them: {command('train', study, store.path)}"
    if study.search is None:
        return train
    # Here: every command reads results and few a search, whose imports take a second.
    from poolbench.app.tune import searched

    tune = command("tune", study, store.path)
    with suppress(BadInput, EnvironmentFault):  # of the search, which is not what was asked for
        if any(each.history for each in searched(study, store)):
            return f"its search is stored, show it with: {tune}; or {train}"
    return f"{train}; or search for recipes first: {tune}"
