"""Tuning: the searches of a suite, one for each variant, as functions of what the store holds.

A search proposes batches of points; every point is trained on its folds as ordinary cells; the
scores are read back from the store. So a search that was interrupted is run again from its start,
finds what it already knows, and goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from poolbench.app.suites import command
from poolbench.app.trials import cells_of
from poolbench.core.cell import Cell
from poolbench.core.errors import BadInput, NothingMatched
from poolbench.core.events import Event
from poolbench.core.record import Run
from poolbench.core.search import Outcome, Score, SearchSpec, Trial
from poolbench.core.study import Study
from poolbench.report.chart import Chart
from poolbench.report.search.searched import Searched
from poolbench.report.table import Table
from poolbench.runtime.components import components_of, require
from poolbench.runtime.devices import check_device, check_gpu_settings
from poolbench.runtime.runner import Runner, Settings
from poolbench.search.api import Proposals, create
from poolbench.search.recipes import start_of
from poolbench.store.documents import Damaged
from poolbench.store.store import Store

Listener = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What the searches of a study found.

    Args:
        searches: One for each data set and variant, in the suite's order.
        done: Number of folds trained now.
        reused: Number of folds that the store had.
        failed: By label, why folds have no result; their searches stopped there.
        duration_s: Wall-clock time.
    """

    searches: tuple[Searched, ...]
    done: int
    reused: int
    failed: Mapping[str, str]
    duration_s: float

    @property
    def is_finished(self) -> bool:
        """Whether every search came to its end."""
        return all(each.outcome is not None for each in self.searches)


@dataclass(kw_only=True)
class _Search:
    """A search of one variant on one data set, and how far it has come.

    ``cells`` are those of each trial of the batch.
    """

    dataset: str
    variant: str
    base: Cell
    spec: SearchSpec
    rounds: Proposals
    batch: Sequence[Trial] = ()
    cells: Sequence[tuple[Cell, ...]] = ()
    outcome: Outcome | None = None
    history: list[tuple[Trial, Score]] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)

    def begin(self) -> None:
        """Ask for the first batch."""
        self._advance(lambda: next(self.rounds))

    def answer(self, runs: Mapping[str, Run]) -> None:
        """Score the batch, all cells of which have a run, and ask for the next."""
        scores = []
        for trial, cells in zip(self.batch, self.cells, strict=True):
            self.runs |= {cell.id: runs[cell.id] for cell in cells}
            score = Score(accuracies=tuple(runs[cell.id].result.accuracy for cell in cells))
            scores.append(score)
            self.history.append((trial, score))
        self._advance(lambda: self.rounds.send(scores))

    def _advance(self, ask: Callable[[], Sequence[Trial]]) -> None:
        try:
            self.batch = ask()
        except StopIteration as end:
            self.batch, self.outcome = (), end.value
        # Once: an identity takes a third of a millisecond, and is asked for often.
        self.cells = [cells_of(self.base, trial, self.spec) for trial in self.batch]

    def found(self) -> Searched:
        """Return what it has found so far."""
        return Searched(
            dataset=self.dataset,
            variant=self.variant,
            base=self.base,
            history=tuple(self.history),
            outcome=self.outcome,
            runs=self.runs,
            held_out=self.spec.holdout,
        )


def _showing_nothing(_searches: int, _folds: int) -> AbstractContextManager[Listener]:
    return nullcontext(lambda _: None)


def tune(
    study: Study,
    settings: Settings,
    showing: Callable[[int, int], AbstractContextManager[Listener]] = _showing_nothing,
) -> Tuned:
    """Run the searches of a study to their end, all variants side by side.

    Args:
        study: The study; its suite has a ``search``.
        settings: Where and how to train.
        showing: Called before each round with the number of searches that go on and of folds to
            train; what it enters is called with every event, for a display.

    Raises:
        BadInput: The suite has no search, the device does not exist, or a start is out of range.
        EnvironmentFault: Device, data, disk or store cannot be used; finished folds are safe.
        Interrupted: Ctrl-C or SIGTERM; run the same command to continue.
    """
    began = time.monotonic()
    if settings.device is not None:
        check_device(settings.device)
    check_gpu_settings(study, device=settings.device)
    searches = _searches(study)
    store = Store.create(settings.store)
    failed: dict[str, str] = {}
    done, asked = 0, set[str]()
    known: dict[str, Run] = {}
    while going := [each for each in searches if each.batch and not _is_stuck(each, failed)]:
        cells = {cell.id: cell for each in going for trial in each.cells for cell in trial}
        asked |= cells.keys()
        known |= _runs(store, [cell for cell in cells.values() if cell.id not in known])
        missing = [cell for cell in cells.values() if cell.id not in known]
        if missing:
            for cell in missing:
                require(components_of(cell))
            with showing(len(going), len(missing)) as listen:
                now = _train(store, study, missing, settings, listen)
            failed |= now
            done += len(missing) - len(now)
            known |= _runs(store, missing)
        for each in going:
            if all(cell.id in known for trial in each.cells for cell in trial):
                each.answer(known)
    return Tuned(
        searches=tuple(each.found() for each in searches),
        done=done,
        reused=len(asked) - done - len(failed),
        failed=failed,
        duration_s=time.monotonic() - began,
    )


def searched(study: Study, store: Store) -> tuple[Searched, ...]:
    """Return what the searches of a study have found, as far as the store knows.

    Raises:
        BadInput: The suite has no search, or a start is out of range.
    """
    searches = _searches(study)
    for each in searches:
        while each.batch:
            cells = [cell for trial in each.cells for cell in trial]
            runs = _runs(store, cells)
            if len(runs) < len({cell.id for cell in cells}):
                break
            each.answer(runs)
    return tuple(each.found() for each in searches)


def _searches(study: Study) -> list[_Search]:
    spec = study.search
    if spec is None:
        hint = "say how to search: `search: {name: coordinate}`; see `poolbench list searches`"
        raise BadInput(f"'{study.title}' has no `search`", hint)
    made = []
    for dataset, variant, cells in study.conditions():
        base = cells[0]
        search = create(spec)
        # One seed for all: no variant is luckier in the order of its steps than another.
        rounds = search.propose(start_of(search, spec, base.recipe), seed=study.seeds[0])
        made.append(_Search(dataset=dataset, variant=variant, base=base, spec=spec, rounds=rounds))
    for each in made:
        each.begin()
    return made


def _is_stuck(search: _Search, failed: Mapping[str, str]) -> bool:
    return any(str(cell) in failed for trial in search.cells for cell in trial)


def _runs(store: Store, cells: Sequence[Cell]) -> dict[str, Run]:
    """Return the runs that the store has; a damaged one is trained again."""
    found = {}
    for cell in cells:
        try:
            found[cell.id] = store.read(cell.id)
        except (FileNotFoundError, Damaged):
            continue
    return found


def _train(
    store: Store,
    study: Study,
    cells: Sequence[Cell],
    settings: Settings,
    listen: Listener,
) -> dict[str, str]:
    variants = tuple(dict.fromkeys(cell.variant for cell in cells))
    part = replace(study, cells=tuple(cells), variants=variants, whole_cells=())
    return Runner(store, part, "train", settings, listen).run(list(cells))


def tuning_tables(study: Study, found: Sequence[Searched]) -> list[Table]:
    """Return the table of all searches, and one of the points of each.

    Raises:
        NothingMatched: No point has all its folds.
    """
    from poolbench.report.search.tables import searches_table, trials_table

    if not any(each.history for each in found):
        raise NothingMatched(
            f"no point of the search of '{study.title}' is finished",
            f"search: {command('tune', study)}",
        )
    return [
        searches_table(study, found),
        *(trials_table(study, each) for each in found if each.history),
    ]


def tuning_charts(study: Study, found: Sequence[Searched]) -> list[Chart]:
    """Return slices and parallel coordinates of each search."""
    from poolbench.report.search.charts import search_charts

    return search_charts(study, found)


def describe(tuned: Tuned) -> Iterator[str]:
    """Yield a line on what was trained."""
    yield f"{tuned.done} folds trained, {tuned.reused} from the store, {len(tuned.failed)} failed"
