"""Evaluating a trained network of the user's own, with each operator in place of its pooling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from poolbench.app.planned_evaluation import OWN, Planned
from poolbench.app.results import Results
from poolbench.app.train import Settings, Summary, train, unfinished_count
from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.core.events import Event
from poolbench.core.free_memory import free_memory_bytes
from poolbench.core.study import Study
from poolbench.report.studies.evaluation import EvaluatedRow, evaluation_table
from poolbench.report.table import Table
from poolbench.runtime.devices import workers_of
from poolbench.stats.changed_answers import changed_answers
from poolbench.store.predictions import Predictions, read_predictions


def evaluate(
    planned: Planned, settings: Settings, on_event: Callable[[Event], None] = lambda _: None
) -> Summary:
    """Evaluate everything that has no result yet.

    Args:
        planned: What to evaluate.
        settings: Where and how.
        on_event: Called with every event, for a display.

    Raises:
        As :func:`poolbench.app.train.train`.
    """
    if unfinished_count(planned.study, settings.store):
        _check_memory(planned.study, settings)
    summary = train(planned.study, settings, on_event, is_checked=True)
    return replace(summary, task="evaluate")


def _check_memory(study: Study, settings: Settings) -> None:
    """Refuse images of which not even one fits into memory, where the CPU evaluates."""
    from poolbench.assembly.least_memory import least_memory_bytes
    from poolbench.assembly.network import image_shape, is_shape_known

    cell, free = study.cells[0], free_memory_bytes()
    devices = workers_of(study.execution, device=settings.device, jobs=settings.jobs)
    if free is None or set(devices) != {"cpu"} or not is_shape_known(cell):
        return
    wanted = least_memory_bytes(cell)
    if wanted > free:
        _, height, width = image_shape(cell)
        raise EnvironmentFault(
            f"one image of {height:,} x {width:,} pixels takes at least {wanted / 2**30:,.1f} GiB "
            f"of memory in {cell.model.network}, and {free / 2**30:,.1f} GiB are free",
            "choose smaller images, such as those that it was trained on: size_px: 224",
        )


def evaluation_tables(planned: Planned, results: Results) -> list[Table]:
    """Return what each operator makes of the network, beside its own pooling.

    Raises:
        NothingMatched: Nothing is evaluated.
    """
    results.require_runs()
    study = planned.study
    return [
        evaluation_table(
            study,
            rows=tuple(_rows(study.cells, results)),
            own=OWN,
            notes=(*planned.about, *planned.left_out, *results.notes),
        )
    ]


def _rows(cells: Sequence[Cell], results: Results) -> Iterator[EvaluatedRow]:
    own = _predictions(cells[0], results)
    for cell in cells:
        run, changed = results.runs.get(cell.id), None
        theirs = None if cell is cells[0] else _predictions(cell, results)
        if own is not None and theirs is not None:
            changed = changed_answers(own.predicted, theirs.predicted, own.label)
        yield EvaluatedRow(
            pooling=cell.variant, result=None if run is None else run.result, changed=changed
        )


def _predictions(cell: Cell, results: Results) -> Predictions | None:
    if cell.id not in results.runs:
        return None
    try:
        return read_predictions(results.store.commit_of(cell.id))
    except Damaged:
        return None  # the run counts as damaged, which the notes say
