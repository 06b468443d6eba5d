"""What functions of the Python API take, as the use cases take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from poolbench.app.open_store import StoredRuns
from poolbench.app.study import SuiteLike, is_yaml, load_study, suite_of
from poolbench.core.errors import NothingMatched
from poolbench.core.plugins import loaded_files
from poolbench.core.study import Study
from poolbench.core.whole_numbers import whole
from poolbench.runtime.carried import is_only_here
from poolbench.runtime.settings import Settings
from poolbench.store.store import Store

Source = SuiteLike | Study | StoredRuns | None
"""A suite, or where there are runs of any suites."""

AGAIN = "call it again"


def suite_or_store(source: Source, store: str | Path) -> tuple[SuiteLike | Study | None, Path]:
    """Return the suite, ``None`` for every run, and the folder of the store."""
    if source is None:
        return None, Path(store)
    if isinstance(source, StoredRuns):
        return None, source.path
    if isinstance(source, Path | str) and not is_yaml(str(source)) and Store.is_at(Path(source)):
        return None, Path(source)
    return source, Path(store)


def within(source: Source, studies: Sequence[Study]) -> list[Study]:
    """Return studies with the selected runs alone; tests are over every variant, as in a suite.

    Args:
        source: What was given; only runs that were selected restrict the studies.
        studies: The studies of its store.

    Raises:
        NothingMatched: None of their runs is selected.
    """
    if not isinstance(source, StoredRuns) or not source.is_part:
        return list(studies)
    parts = [part for study in studies if (part := _part(study, source)).cells]
    if not parts:
        raise NothingMatched(
            f"none of the runs of {source.path} is selected",
            "select others: open_store(...).select()",
        )
    return parts


def _part(study: Study, runs: StoredRuns) -> Study:
    ids = {run.id for run in runs}
    cells = tuple(cell for cell in study.cells if cell.id in ids)
    datasets = {cell.data.source.name for cell in cells}
    variants = {cell.variant for cell in cells}
    seeds = {cell.seed for cell in cells}
    return replace(
        study,
        cells=cells,
        datasets=tuple(name for name in study.datasets if name in datasets),
        variants=tuple(name for name in study.variants if name in variants),
        seeds=tuple(seed for seed in study.seeds if seed in seeds),
        # Variants that were left out are still among those that p is corrected for.
        whole_cells=tuple(
            cell
            for cell in study.whole.cells
            if cell.data.source.name in datasets and cell.seed in seeds
        ),
    )


def study_from(suite: SuiteLike | Study, data_root: str | Path | None) -> Study:
    """Return a study as it is, and that of a suite as it stands."""
    if isinstance(suite, Study):
        return suite
    return load_study(suite_of(suite), root=_path(data_root))


def engine_for(study: Study, jobs: int | None) -> str | None:
    """Return ``inline`` if one worker is asked for and it has to know what this process knows."""
    is_free = jobs == 1 and study.execution.engine is None
    return "inline" if is_free and is_only_here(study) else None


def settings_from(
    store: str | Path,
    device: str | None,
    jobs: int | None,
    engine: str | None,
    data_root: str | Path | None,
) -> Settings:
    """Return how to run, with the loaded plug-ins.

    Raises:
        BadInput: ``jobs`` is not a whole number from 1.
    """
    return Settings(
        store=Path(store),
        device=device,
        jobs=None if jobs is None else whole("jobs", jobs, minimum=1),
        engine=engine,
        root=_path(data_root),
        plugins=loaded_files(),
    )


def several(given: str | Mapping[str, Any] | Sequence[Any]) -> Sequence[Any]:
    """Return values of which one may be given alone: a text is a sequence too, of its letters."""
    return [given] if isinstance(given, str | Mapping) else given


def _path(folder: str | Path | None) -> Path | None:
    return None if folder is None else Path(folder)
