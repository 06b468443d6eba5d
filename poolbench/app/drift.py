"""What the pooling operators of trained networks learned: from the stored weights and histories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from poolbench.app.report import named_apart
from poolbench.app.results import Results
from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.record import Run
from poolbench.report.chart import Chart
from poolbench.report.studies.drift import Drift, drift_charts, drift_table
from poolbench.report.table import Table
from poolbench.runtime.components import components_of, mismatch
from poolbench.store.commit import WEIGHTS

if TYPE_CHECKING:
    from poolbench.assembly.learned_pools import LearnedPools, Values


def drift(results: Results) -> tuple[list[Table], list[Chart]]:
    """Return where every learned pooling parameter of a study started and went.

    Starts are those of operators built anew, ends those of the stored weights. Neither the data
    nor the networks are needed.

    Args:
        results: What was trained.

    Returns:
        A table for each network and data set, and the charts of all of them.

    Raises:
        NothingMatched: Not one of its cells is finished.
    """
    results.require_runs()
    made = {part.study.network: _drift(part) for part in results.parts}
    tables = [table for own, _ in made.values() for table in own]
    return tables, named_apart({name: charts for name, (_, charts) in made.items()})


def _drift(results: Results) -> tuple[list[Table], list[Chart]]:
    # Operators are built to know where they started, which takes torch.
    from poolbench.assembly.learned_pools import LearnedPools

    study = results.study
    tables: list[Table] = []
    charts: list[Chart] = []
    for dataset in study.datasets:
        drifts: list[Drift] = []
        fixed: list[str] = []
        notes = list(results.notes)
        for variant, cells in study.cells_on(dataset).items():
            if why := [text for each in components_of(cells[0]) if (text := mismatch(*each))]:
                notes.append(f"{variant}: left out, as {why[0]}")
                continue
            operators = LearnedPools(cells[0])
            if not operators.start:
                fixed.append(variant)
                continue
            found, missing = _ends(cells, results, operators)
            notes += [f"{variant}: {words}" for words in missing]
            drifts += _drifts(variant, operators, found)
        title = f"{study.heading} · {dataset} · learned pooling parameters"
        tables.append(drift_table(title, drifts, fixed, notes))
        charts += drift_charts(dataset, f"{study.heading} · {dataset}", drifts)
    return tables, charts


def _ends(
    cells: Sequence[Cell], results: Results, operators: LearnedPools
) -> tuple[list[tuple[Run, Values]], list[str]]:
    """Return what each finished run learned, and what is wrong with the others."""
    found, missing = [], []
    for cell in cells:
        run = results.runs.get(cell.id)
        if run is None:
            missing.append(f"seed {cell.seed} is not finished")
        elif run.result.status != "ok":
            missing.append(f"seed {cell.seed} diverged and left no weights")
        else:
            try:
                weights = results.store.commit_of(cell.id).read(WEIGHTS)
            except Damaged as error:
                missing.append(f"seed {cell.seed}: {error}; see `poolbench store verify`")
                continue
            found.append((run, operators.end(weights)))
    return found, missing


def _drifts(
    variant: str, operators: LearnedPools, found: Sequence[tuple[Run, Values]]
) -> list[Drift]:
    if not found:
        return []
    return [
        Drift(
            variant=variant,
            parameter=operators.label(name),
            is_positive=operators.is_positive(name),
            is_shared=len(start) == 1,
            start=start,
            ends=tuple(values[name] for _, values in found),
            epochs=tuple(
                tuple(epoch.pooling[operators.stored_name(name)] for epoch in run.history)
                for run, _ in found
            ),
        )
        for name, start in operators.start.items()
    ]
