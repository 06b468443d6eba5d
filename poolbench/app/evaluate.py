"""Evaluating a trained network of the user's own, with each operator in place of its pooling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from poolbench.app.own_run import check_own_run
from poolbench.app.results import Results
from poolbench.app.study import CATALOGUES
from poolbench.app.train import Settings, Summary, train
from poolbench.core.cell import Cell, DataSpec, ModelSpec, Recipe
from poolbench.core.data_root import data_root
from poolbench.core.document import Damaged
from poolbench.core.errors import BadInput
from poolbench.core.events import Event
from poolbench.core.named import Named
from poolbench.core.study import Analysis, Execution, Study
from poolbench.data.fingerprint import identify
from poolbench.data.found_images import found_images, known_classes
from poolbench.report.studies.evaluation import EvaluatedRow, evaluation_table
from poolbench.report.table import Table
from poolbench.stats.changed_answers import changed_answers
from poolbench.store.predictions import Predictions, read_predictions
from poolbench.suite.evaluation import Asked, Evaluation, read_evaluation
from poolbench.suite.spelling import Spelling, flag

__all__ = [
    "OWN",
    "Asked",
    "Planned",
    "Settings",
    "evaluate",
    "evaluation_tables",
    "plan_evaluation",
]

OWN = "own pooling"
_UNUSED = Named(name="none", options={})
_NO_TRAINING = Recipe(epochs=0, batch_size=1, optimizer=_UNUSED, schedule=_UNUSED)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An evaluation, ready to run.

    Args:
        study: A cell for the network as it is, and for each operator in place of its pooling.
        left_out: Operators that cannot stand there, with the reason.
        about: What the file's tensors are, where there was a choice; empty otherwise.
    """

    study: Study
    left_out: tuple[str, ...]
    about: tuple[str, ...] = ()


def plan_evaluation(asked: Asked, root: Path | None, spelled: Spelling = flag) -> Planned:
    """Check a checkpoint against its network, and each operator against its place.

    Args:
        asked: What to evaluate.
        root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.
        spelled: How messages name the options.

    Raises:
        BadInput: An option is invalid, the checkpoint is not of the network, or an operator that
            was named does not fit.
        EnvironmentFault: A file or the data are missing or cannot be read.
    """
    from poolbench.weights.finding import checkpoint_path, find_weights

    checked = read_evaluation(asked, CATALOGUES, spelled)
    root = data_root(root)
    typed = replace(checked.weights, file=str(checkpoint_path(asked.checkpoint)))
    weights = find_weights(checked.network.name, typed, None)
    reads_train = weights.normalisation is None
    data = DataSpec(
        source=checked.data.source,
        checksum=identify(checked.data.source, root, reads_train=reads_train).checksum,
        limit=checked.data.limit,
        reads_train=reads_train,
    )
    found = found_images(checked.data.source, root)
    make = partial(
        _cell, checked, data, ModelSpec(network=checked.network, pools={}, weights=weights)
    )
    classes = known_classes(checked.data.source, found)
    cells, left_out = [make(None)], []
    check = partial(_check, classes=classes, root=root, trained_with=spelled("trained_with"))
    about = check(cells[0])
    check_own_run(Path(typed.file), cells[0], trained_with=spelled("trained_with"))
    for name in checked.pools:
        cell = make(name)
        try:
            check(cell)
        except BadInput as fault:
            if checked.is_chosen[name]:
                raise
            left_out.append(f"{name}: {fault.message}")
        else:
            cells.append(cell)
    study = Study(
        title=f"{Path(asked.checkpoint).name} as it is",
        origin="",
        variants=tuple(cell.variant for cell in cells),
        datasets=(checked.data.source.name,),
        seeds=(0,),
        cells=tuple(cells),
        analysis=Analysis(),
        execution=Execution(),
        baseline=OWN,
        found={} if found is None else {checked.data.source.name: found},
    )
    return Planned(study=study, left_out=tuple(left_out), about=about)


def _cell(checked: Evaluation, data: DataSpec, spec: ModelSpec, variant: str | None) -> Cell:
    from poolbench.assembly.loaded_weights import own_pooling

    model = own_pooling(spec)
    if variant is not None:
        model = replace(model, pools={**model.pools, **checked.pools[variant]})
    return Cell(variant=variant or OWN, data=data, model=model, recipe=_NO_TRAINING, seed=0)


def _check(
    cell: Cell, *, classes: int | None, root: Path | None, trained_with: str
) -> tuple[str, ...]:
    from poolbench.assembly.network import image_shape, is_shape_known
    from poolbench.runtime.start import require_whole, start_of

    if not is_shape_known(cell):
        return ()  # whoever reads the images checks it
    start = start_of(
        cell,
        shape=image_shape(cell),
        num_classes=classes,
        root=root,
        trained_with=trained_with,
    )
    assert start is not None  # noqa: S101 - it has weights
    require_whole(start)
    return (f"Of the states in the file, {start.choice}.",) if start.choice else ()


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
    summary = train(planned.study, settings, on_event, is_checked=True)
    return replace(summary, task="evaluate")


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
