"""Export of everything in a store for other tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from poolbench.app.results import Results, read_results
from poolbench.app.search_notes import first_steps
from poolbench.app.tune import searched
from poolbench.core.cell import Cell
from poolbench.core.counted import counted
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched, did_you_mean
from poolbench.core.measurement import Measurement
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.formats.tensorboard import write_events
from poolbench.report.formats.tidy import Observation, known, write_csv, write_parquet
from poolbench.report.search.journal import write_journal
from poolbench.report.search.searched import Searched
from poolbench.store.store import Store

# Name to (file or folder in the target, writer that returns a count, what it counts).
_KINDS: Mapping[str, tuple[str, Callable[[Sequence[Observation], Path], int], str]] = {
    "csv": ("measurements.csv", write_csv, "rows"),
    "parquet": ("measurements.parquet", write_parquet, "rows"),
    "tensorboard": ("tensorboard", write_events, "runs"),
}
_SEARCHES = "optuna"
KINDS = (*_KINDS, _SEARCHES)
_MOST_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A written file or folder.

    Args:
        path: File or folder.
        count: Number of rows or runs in it.
        of: What ``count`` counts: ``rows``, ``runs`` or ``trials``.
    """

    path: Path
    count: int
    of: str


def export(
    studies: Sequence[Study], store_path: Path, folder: Path, kinds: Sequence[str]
) -> tuple[list[Exported], list[str]]:
    """Write the finished runs of studies, with all their measurements.

    Args:
        studies: The studies with the runs.
        store_path: The store's folder; it may be read-only.
        folder: The folder; created if missing. Files of an earlier export are replaced.
        kinds: Kinds among ``csv``, ``parquet``, ``tensorboard`` and, for the points of a search,
            ``optuna``.

    Returns:
        The written files and folders, and what was left out: damaged runs and measurements, and
        how many cells have no run.

    Raises:
        BadInput: A kind is unknown.
        NothingMatched: No run is finished.
        EnvironmentFault: A kind's library is not installed, or the folder cannot be written.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise BadInput(f"cannot export as '{kind}'", did_you_mean(kind, KINDS))
    found = [read_results(study, store_path) for study in studies]
    observations = [row for results in found for row in observations_of(results)]
    searches = _found_by_searches(studies, store_path) if _SEARCHES in kinds else ()
    if not observations and {*kinds} != {_SEARCHES}:
        raise NothingMatched(
            f"there is no finished run to export in {store_path}",
            first_steps(studies[0], Store(store_path)),
        )
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in dict.fromkeys(kinds):
            if kind == _SEARCHES:
                journal = folder / "optuna-journal.log"
                trials = write_journal(searches, journal)
                written.append(Exported(path=journal, count=trials, of="trials"))
                continue
            name, write, of = _KINDS[kind]
            count = write(observations, folder / name)
            written.append(Exported(path=folder / name, count=count, of=of))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {folder}: {error.strerror}") from error
    return written, [line for results in found for line in _left_out(results)]


def _left_out(results: Results) -> Iterator[str]:
    """Yield what an export lacks: what is damaged, and the cells without a run."""
    yield from (*results.damaged, *results.about_newer)
    cells, store = results.study.cells, results.store
    lost = [cell for cell in cells if cell.id not in results.runs]
    missing = [cell for cell in lost if not store.is_committed(cell.id)]
    if missing:
        begun = sum(store.has_checkpoint(cell.id) for cell in missing)
        names = ", ".join(map(str, missing[:_MOST_NAMED]))
        yield (
            f"left out: {counted(len(missing), 'cell')} of {len(cells)} of '{results.study.title}' "
            f"without a result, {begun} of them begun: {names}"
            f"{', ...' if len(missing) > _MOST_NAMED else ''}"
        )


def _found_by_searches(studies: Sequence[Study], store_path: Path) -> list[Searched]:
    found = [
        each
        for study in studies
        if study.search is not None
        for each in searched(study, Store(store_path))
        if each.history
    ]
    if not found:
        raise NothingMatched(
            f"there is no search to export in {store_path}",
            "run one: poolbench tune SUITE, and name the suite here too",
        )
    return found


def observations_of(results: Results) -> Iterator[Observation]:
    """Yield every number of the finished runs of a study."""
    parts = results.study.parts
    for heading, cell in ((part.heading, cell) for part in parts for cell in part.cells):
        run = results.runs.get(cell.id)
        if run is None:
            continue
        observe = partial(Observation, **identity_of(cell, heading))
        yield from _epochs(run, observe)
        yield from _result(run, observe)
        for measurement in results.measurements.get(cell.id, ()):
            yield from _points(measurement, observe)


Observe = Callable[..., Observation]


def identity_of(cell: Cell, study: str) -> dict[str, Any]:
    """Return what the numbers of a cell have in common, by column."""
    weights = cell.model.weights
    return {
        "study": study,
        "data": cell.data.source.name,
        "variant": cell.variant,
        "seed": cell.seed,
        "condition": cell.condition,
        "run": cell.id,
        "origin": cell.origin,
        "weights": "" if weights is None else str(weights),
        "weights_sha256": "" if weights is None else weights.sha256,
    }


def row_of(run: Run, study: str) -> dict[str, Any]:
    """Return a run as one row: what identifies it, and the numbers of its result by metric."""
    identity = identity_of(run.cell, study)
    numbers = _result(run, partial(Observation, **identity))
    return identity | {each.metric: known(each.value) for each in numbers}


def _epochs(run: Run, observe: Observe) -> Iterator[Observation]:
    timings = {timing.epoch: timing for timing in run.timings}
    for epoch in run.history:
        timing = timings.get(epoch.epoch)
        n = timing.images if timing else None
        values: list[tuple[str, float | None, int | None]] = [
            ("loss", epoch.loss, n),
            ("lr", epoch.lr, None),
            *((f"pooling.{name}", value, None) for name, value in epoch.pooling.items()),
        ]
        if epoch.validation_accuracy is not None:
            values.append(("validation_accuracy", epoch.validation_accuracy, None))
        if timing:
            values += [("duration_s", timing.duration_s, None), ("images", timing.images, None)]
        for metric, value, count in values:
            yield observe(kind="epoch", setting=epoch.epoch, metric=metric, value=value, n=count)


def _result(run: Run, observe: Observe) -> Iterator[Observation]:
    result = run.result
    for metric, value, n in (
        ("accuracy", result.accuracy, result.total),
        ("loss", result.test_loss, result.total),
        ("diverged", float(result.status == "diverged"), None),
        ("parameters", result.parameters, None),
        ("epochs", result.epochs, None),
    ):
        yield observe(kind="result", setting=None, metric=metric, value=value, n=n)


def _points(measurement: Measurement, observe: Observe) -> Iterator[Observation]:
    name = measurement.probe.name
    observe = partial(observe, kind="probe", options=json.dumps(dict(measurement.probe.options)))
    if measurement.status != "ok":
        yield observe(setting=None, metric=f"{name}.{measurement.status}", value=1.0, n=None)
    for point in measurement.points:
        yield observe(
            setting=point.at, metric=f"{name}.accuracy", value=point.accuracy, n=point.total
        )
    for fact, value in measurement.facts.items():
        yield observe(setting=None, metric=f"{name}.{fact}", value=value, n=None)
