"""Tuning: the searches of a suite, one for each variant, as functions of what the store holds.

A search proposes batches of points; every point is trained on its folds as ordinary cells; the
scores are read back from the store. So a search that was interrupted is run again from its start,
finds what it already knows, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from poolbench.app.networks import check_networks
from poolbench.app.outdated import outdated
from poolbench.app.suites import command
from poolbench.app.train import noting, training
from poolbench.app.trials import cells_of
from poolbench.core.cell import Cell
from poolbench.core.counted import counted
from poolbench.core.data_root import data_root
from poolbench.core.document import Damaged
from poolbench.core.errors import BadInput, NothingMatched
from poolbench.core.events import Event
from poolbench.core.record import Run
from poolbench.core.search import Outcome, Score, SearchSpec, Trial
from poolbench.core.study import Study
from poolbench.report.chart import Chart
from poolbench.report.search.searched import Searched
from poolbench.report.table import Table
from poolbench.runtime.runner import check_settings
from poolbench.runtime.settings import Settings
from poolbench.search.api import Memory, Proposals, create
from poolbench.search.recipes import start_of
from poolbench.store.proposals import ProposalCache
from poolbench.store.store import Store

Listener = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What the searches of a study found.

    Args:
        searches: One for each data set and variant, in the suite's order.
        done: Number of folds trained now.
        reused: Number of folds that the store had, or that another process trained meanwhile.
        failed: By label, why folds have no result; their searches stopped there.
    """

    searches: tuple[Searched, ...]
    done: int
    reused: int
    failed: Mapping[str, str]

    @property
    def is_finished(self) -> bool:
        """Whether every search came to its end."""
        return all(each.outcome is not None for each in self.searches)

    def __str__(self) -> str:
        return f"{self.done} folds trained, {self.reused} from the store, {len(self.failed)} failed"


@dataclass(kw_only=True)
class _Search:
    """A search of one variant on one data set, and how far it has come.

    ``cells`` are those of each trial of the batch; ``most`` is how many points it may try.
    """

    dataset: str
    variant: str
    base: Cell
    spec: SearchSpec
    rounds: Proposals
    most: int
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

    def asks_for(self, cells: Sequence[Cell]) -> bool:
        """Whether its batch has one of these cells."""
        ids = {cell.id for cell in cells}
        return any(cell.id in ids for trial in self.cells for cell in trial)

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


@dataclass(frozen=True, kw_only=True)
class Round:
    """What is trained between two looks at the scores.

    Args:
        searches: Number of searches that go on.
        folds: Number of folds to train.
        tried: Number of points that these searches have tried.
        most: The most that they may try.
    """

    searches: int
    folds: int
    tried: int
    most: int

    def __str__(self) -> str:
        variants, folds = counted(self.searches, "variant"), counted(self.folds, "fold")
        return f"{folds} to train for {variants}; {self.tried} of at most {self.most} points tried"


def _showing_nothing(_: Round) -> AbstractContextManager[Listener]:
    return nullcontext(lambda _: None)


def tune(
    study: Study,
    settings: Settings,
    showing: Callable[[Round], AbstractContextManager[Listener]] = _showing_nothing,
) -> Tuned:
    """Run the searches of a study to their end, all variants side by side.

    Args:
        study: The study; its suite has a ``search``.
        settings: Where and how to train.
        showing: Called before each round; what it enters is called with every event, for a
            display.

    Raises:
        BadInput: The suite has no search, the device does not exist, or a start is out of range.
        EnvironmentFault: Device, data, disk or store cannot be used; finished folds are safe.
        Interrupted: Ctrl-C or SIGTERM; run the same command to continue.
    """
    check_settings(study, settings)
    check_networks(study, data_root(settings.root))
    store = Store.create(settings.store)
    searches = _searches(study, ProposalCache(store.path, is_writable=True))
    known: dict[str, Run] = {}
    failed: dict[str, str] = {}
    trained: set[str] = set()
    missing = _replay(searches, store, known)
    if missing:
        notices = [
            Event(kind="notice", detail=f"folds with another {change} are trained again")
            for change in outdated(store, missing)
        ]
        with training(store, study, settings) as runner:
            while missing:
                with showing(_round(searches, missing)) as listen:
                    while notices:
                        listen(notices.pop(0))
                    variants = tuple(dict.fromkeys(cell.variant for cell in missing))
                    part = replace(study, cells=tuple(missing), variants=variants, whole_cells=())
                    now, _ = runner.run(part, missing, noting(trained, listen))
                failed |= now
                asked = _replay(searches, store, known)
                missing = [cell for cell in asked if str(cell) not in failed]
    return Tuned(
        searches=tuple(each.found() for each in searches),
        # Another process may have trained what was missing, so what is new counts by its events.
        done=len(trained & known.keys()),
        reused=len(known.keys() - trained),
        failed=failed,
    )


def _round(searches: Sequence[_Search], missing: Sequence[Cell]) -> Round:
    going = [each for each in searches if each.asks_for(missing)]
    return Round(
        searches=len(going),
        folds=len(missing),
        tried=sum(len(each.found().tried) for each in going),
        most=sum(each.most for each in going),
    )


def searched(study: Study, store: Store) -> tuple[Searched, ...]:
    """Return what the searches of a study have found, as far as the store knows.

    Raises:
        BadInput: The suite has no search, or a start is out of range.
    """
    searches = _searches(study, ProposalCache(store.path, is_writable=False))
    _replay(searches, store, {})
    return tuple(each.found() for each in searches)


def _replay(searches: Sequence[_Search], store: Store, known: dict[str, Run]) -> list[Cell]:
    """Answer every batch that the store has all runs of; return the cells without a run.

    A damaged run counts as none.

    Args:
        searches: The searches.
        store: Where runs are read.
        known: Runs by cell id that were read before; what is read is added.
    """
    missing: dict[str, Cell] = {}
    for each in searches:
        while each.batch:
            cells = {cell.id: cell for trial in each.cells for cell in trial}
            for cell_id in cells.keys() - known.keys():
                with suppress(FileNotFoundError, Damaged):
                    known[cell_id] = store.read(cell_id)
            if lacking := {id: cell for id, cell in cells.items() if id not in known}:
                missing |= lacking
                break
            each.answer(known)
    return list(missing.values())


def _searches(study: Study, memory: Memory) -> list[_Search]:
    spec = study.search
    if spec is None:
        hint = "say how to search: `search: {name: coordinate}`; see `poolbench list searches`"
        raise BadInput(f"'{study.title}' has no `search`", hint)
    made = []
    for dataset, variant, cells in study.conditions():
        base = cells[0]
        search = create(spec)
        # One seed for all, whichever cells are selected: no variant is luckier in the order of its
        # steps than another.
        start = start_of(search, spec, base.recipe)
        rounds = search.propose(start, study.whole.seeds[0], memory)
        made.append(
            _Search(
                dataset=dataset,
                variant=variant,
                base=base,
                spec=spec,
                rounds=rounds,
                most=search.budget.points,
            )
        )
    for each in made:
        each.begin()
    return made


def tuning_tables(
    study: Study,
    found: Sequence[Searched],
    store: Path | None = None,
    data_root: Path | None = None,
) -> list[Table]:
    """Return the table of all searches, and one of the points of each.

    Args:
        study: The study that is searched.
        found: Its searches.
        store: Folder of the run store, for the command that an error names.
        data_root: Folder of the data sets, for the same.

    Raises:
        NothingMatched: No point has all its folds.
    """
    from poolbench.report.search.tables import searches_table, trials_table

    if not any(each.history for each in found):
        raise NothingMatched(
            f"no point of the search of '{study.title}' is finished",
            f"search: {command('tune', study, store, data_root)}",
        )
    return [
        searches_table(study, found),
        *(trials_table(study, each) for each in found if each.history),
    ]


def tuning_charts(study: Study, found: Sequence[Searched]) -> list[Chart]:
    """Return slices and parallel coordinates of each search."""
    from poolbench.report.search.charts import search_charts

    return search_charts(study, found)
