"""Measuring trained networks: every probe asked for, on every run without its measurement."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from poolbench.app.report import named_apart
from poolbench.app.results import Results
from poolbench.app.suites import command
from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched
from poolbench.core.events import Event
from poolbench.core.named import Named
from poolbench.core.study import Analysis, Execution, Study
from poolbench.engines import ENGINES
from poolbench.probes import PROBES
from poolbench.report.chart import Chart
from poolbench.report.table import Table
from poolbench.runtime.carried import check_entries
from poolbench.runtime.devices import check_device
from poolbench.runtime.measured import measured
from poolbench.runtime.runner import Runner, engine_of
from poolbench.runtime.settings import Settings
from poolbench.runtime.summary import Summary
from poolbench.runtime.task import TASKS
from poolbench.runtime.utilisation import Utilisation
from poolbench.store.store import Store
from poolbench.suite.probes import read_attacks
from poolbench.suite.spelling import Spelling, flag

__all__ = [
    "Settings", "Study", "Summary", "ask", "findings", "open_count", "probe", "stored_runs",
]  # fmt: skip


def ask(
    study: Study, attacks: Sequence[str], options: Mapping[str, str], spelled: Spelling = flag
) -> Study:
    """Return a study with the probes that are asked for instead of its own.

    Args:
        study: The study.
        attacks: Probes as :func:`read_attacks` takes them; empty for the study's own.
        options: Text by option name, as in ``{"sizes": "24,32"}``.
        spelled: How messages name ``attack`` and the options.

    Raises:
        BadInput: A probe or option is invalid, or there is no probe.
    """
    if attacks:
        return replace(study, probes=read_attacks(attacks, options, PROBES, spelled))
    if options:
        given = " and ".join(map(spelled, options))
        raise BadInput(
            f"{given} without {spelled('attack')}", f"name the probes with {spelled('attack')}"
        )
    if not study.probes:
        raise BadInput(
            f"'{study.title}' names no probes",
            f"add `probes:` to it, or name some with {spelled('attack')}: {', '.join(PROBES)}",
        )
    return study


def stored_runs(
    store_path: Path,
    attacks: Sequence[str],
    options: Mapping[str, str],
    spelled: Spelling = flag,
) -> list[Study]:
    """Return every finished run of a store: the studies trained there, and runs of no study.

    Args:
        store_path: The store's folder.
        attacks: See :func:`ask`; if empty, only studies that name probes are returned.
        options: See :func:`ask`.
        spelled: See :func:`ask`.

    Raises:
        BadInput: See :func:`ask`.
        EnvironmentFault: There is no store, or it cannot be read.
        NothingMatched: There is no finished run.
    """
    studies = runs_by_study(Store(store_path))
    if not studies:
        raise NothingMatched(
            f"there is no finished run in {store_path}", "train some: poolbench train smoke"
        )
    if not attacks and not options and any(study.probes for study in studies):
        studies = [study for study in studies if study.probes]
    return [ask(study, attacks, options, spelled) for study in studies]


def runs_by_study(store: Store) -> list[Study]:
    """Return the studies with a finished run, and last one with the runs of no study.

    Raises:
        EnvironmentFault: A study or a run of none is damaged.
    """
    studies = [study for study in store.studies() if any(map(store.has_result, _ids(study)))]
    known = {cell_id for study in studies for cell_id in _ids(study)}
    others = [_cell(store, cell_id) for cell_id in store.finished() if cell_id not in known]
    if others:
        studies.append(_of_no_suite(others))
    return studies


def _ids(study: Study) -> list[str]:
    return [cell.id for cell in study.cells]


def _cell(store: Store, cell_id: str) -> Cell:
    try:
        return store.commit_of(cell_id).cell
    except Damaged as error:
        raise EnvironmentFault(
            f"the run {cell_id} is damaged: {error}", "see: poolbench store verify"
        ) from error


def _of_no_suite(cells: Sequence[Cell]) -> Study:
    # Labels of different suites may mean different things; the condition distinguishes them.
    cells = [replace(cell, variant=f"{cell.variant} ({cell.condition[:6]})") for cell in cells]
    return Study(
        title="runs of no stored suite",
        origin="",
        variants=tuple(dict.fromkeys(cell.variant for cell in cells)),
        datasets=tuple(dict.fromkeys(cell.data.source.name for cell in cells)),
        seeds=tuple(sorted({cell.seed for cell in cells})),
        cells=tuple(cells),
        analysis=Analysis(),
        execution=Execution(),
    )


def open_count(study: Study, store_path: Path) -> int:
    """Return the number of runs without a measurement; the store need not exist."""
    if not Store.is_at(store_path):
        return 0
    return len(TASKS["probe"].open_cells(Store(store_path), study))


def probe(
    study: Study, settings: Settings, on_event: Callable[[Event], None] = lambda _: None
) -> Summary:
    """Measure every finished run of a study with each of its probes, unless that is stored.

    Args:
        study: The study, with its cells and probes.
        settings: Where and how.
        on_event: Called with every event, for a display.

    Raises:
        BadInput: There is no such device.
        EnvironmentFault: Device, data, disk or store cannot be used; measurements are safe.
        Interrupted: Ctrl-C or SIGTERM; run the same command to continue.
        NothingMatched: None of the cells is trained.
        StoreBusy: Another process measures the rest, and ``settings.wait`` is false.
    """
    began = time.monotonic()
    if settings.device is not None:
        check_device(settings.device)
    store = Store(settings.store)
    trained = [cell for cell in study.cells if store.has_result(cell.id)]
    if not trained:
        raise NothingMatched(
            f"none of the cells of '{study.title}' ({len(study.cells)}) is finished in "
            f"{store.path}",
            f"train them: {command('train', study, settings.store)}",
        )
    sound = [cell for cell in trained if store.network(cell.id) is not None]
    before = _count(store, sound, study.probes)
    failed: dict[str, str] = {}
    utilisation = Utilisation()
    if open_cells := TASKS["probe"].open_cells(store, study):
        engine = ENGINES.resolve(engine_of(study.execution, settings).name)
        check_entries(study, is_here=engine.is_here)
        store.ready()
        with Runner(store, "probe", study.execution, settings) as runner:
            failed, utilisation = runner.run(study, open_cells, on_event)
    duration_s = time.monotonic() - began
    return Summary(
        task="probe",
        done=_count(store, sound, study.probes) - before,
        reused=before,
        missing=len(study.cells) - len(trained),
        diverged=len(trained) - len(sound),
        failed=failed,
        duration_s=duration_s,
        workers=utilisation.workers,
        busy_share=utilisation.share(duration_s),
    )


def _count(store: Store, cells: Sequence[Cell], probes: Sequence[Named]) -> int:
    asked = ((cell, probe) for cell in cells for probe in probes)
    return sum(measured(store, cell, probe) is not None for cell, probe in asked)


def findings(results: Sequence[Results]) -> tuple[list[Table], list[Chart]]:
    """Return the measurements of the studies' probes as tables and charts."""
    from poolbench.report.robustness.tables import robustness_charts, robustness_tables

    tables: list[Table] = []
    charts: dict[str, list[Chart]] = {}
    for each in results:
        found, notes = each.measured_by(each.study.probes), (*each.damaged, *each.about_plugins)
        drawn: dict[str, list[Chart]] = {}
        for part in each.study.parts:
            made = robustness_tables(part, each.runs, found)
            tables += [table.with_notes(notes) for table in made]
            drawn[part.network] = robustness_charts(part, each.runs, found)
        charts[each.study.id] = named_apart(drawn)
    return tables, named_apart(charts)
