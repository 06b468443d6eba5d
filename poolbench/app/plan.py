"""What a suite would do: its cells, what is done, what it would take, what it can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from poolbench.app.results import Results, read_results
from poolbench.core.cell import Cell
from poolbench.core.data_root import data_root
from poolbench.core.study import Study
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.runtime.devices import check_gpu_settings, workers_of
from poolbench.store.store import Store

# What one cell takes: (seconds on one worker, bytes in the store).
Costs = Mapping[str, tuple[float, float]]

_COLUMNS = (
    Column(title="variant", fields=("variant",), is_text=True),
    Column(title="operators", fields=("operators",), is_text=True),
    Column(title="cells", fields=("cells",)),
    Column(title="done", fields=("done",)),
    Column(title="begun", fields=("begun",)),
    Column(title="time a cell", fields=("duration_s",)),
    Column(title="disk a cell", fields=("size_bytes",)),
)


def plan(
    study: Study,
    store_path: Path,
    *,
    root: Path | None = None,
    device: str | None = None,
    jobs: int | None = None,
    measured: bool = False,
) -> list[Table]:
    """Return one table a data set; nothing is trained, and the store is not made.

    Args:
        study: What would be trained.
        store_path: Where; it need not exist.
        root: Where data sets are; used to measure.
        device: Overrides the suite's device.
        jobs: Overrides the suite's number of workers.
        measured: Time a few real steps of every variant; else what the store knows is used.

    Raises:
        EnvironmentFault: The store cannot be read; with ``measured``, device or data.
    """
    results = read_results(study, store_path) if Store.is_at(store_path) else None
    devices = workers_of(study.execution, device=device, jobs=jobs)
    if measured:  # else what would be timed is not what would be trained
        check_gpu_settings(study, device=device)
    costs = _measure(study, data_root(root), devices[0]) if measured else _remembered(results)
    return [_table(study, dataset, results, costs, devices) for dataset in study.datasets]


def plan_of(results: Results) -> list[Table]:
    """Return the plan of a study whose results were read, as :func:`plan` does by default."""
    study = results.study
    devices = workers_of(study.execution, device=None, jobs=None)
    costs = _remembered(results)
    return [_table(study, dataset, results, costs, devices) for dataset in study.datasets]


def _table(
    study: Study,
    dataset: str,
    results: Results | None,
    costs: Costs,
    devices: Sequence[str],
) -> Table:
    store, done = (results.store, results.runs) if results is not None else (None, {})
    rows, open_cells = [], []
    for name, variant, cells in study.conditions():
        if name != dataset:
            continue
        left = [cell for cell in cells if cell.id not in done]
        begun = [cell for cell in left if store is not None and store.has_checkpoint(cell.id)]
        open_cells += left
        duration, size = costs.get(cells[0].condition, (None, None))
        rows.append(
            (
                text_cell(variant),
                text_cell(_operators(cells[0])),
                _number(len(cells)),
                _number(len(cells) - len(left)),
                _number(len(begun)),
                TableCell(values=(duration,), text=_span(duration)),
                TableCell(values=(size,), text=_size(size)),
            )
        )
    total = sum(1 for cell in study.cells if cell.data.source.name == dataset)
    return Table(
        title=f"{study.title}: {dataset}, {total} cells",
        columns=_COLUMNS,
        rows=tuple(rows),
        notes=(
            _recipe_note(study.cells[0]),
            _effort_note(open_cells, costs, devices, store),
            _power_note(study, dataset),
            *_probe_notes(study, dataset, results),
        ),
    )


def _recipe_note(cell: Cell) -> str:
    recipe = cell.recipe
    return (
        f"First cell: {cell.model.network}; {recipe.epochs} epochs, batch {recipe.batch_size}, "
        f"{recipe.optimizer}, {recipe.schedule}, {recipe.precision}."
    )


def _effort_note(
    cells: Sequence[Cell], costs: Costs, devices: Sequence[str], store: Store | None
) -> str:
    if not cells:
        return "Nothing to train: every cell has a result."
    workers = f"{len(devices)} worker{'s' if len(devices) > 1 else ''} on {devices[0]}"
    known = [costs[cell.condition] for cell in cells if cell.condition in costs]
    if len(known) < len(cells):
        return (
            f"To train: {len(cells)} cells with {workers}; time and disk are unknown for "
            f"{len(cells) - len(known)} of them: `poolbench plan --measure` times a few steps."
        )
    free = f" of {_size(store.free_bytes())} free" if store else ""
    # A cell is the smallest piece of work, so no more workers than cells can help.
    duration = max(
        sum(seconds for seconds, _ in known) / min(len(devices), len(cells)),
        max(seconds for seconds, _ in known),
    )
    return (
        f"To train: {len(cells)} cells with {workers}, about {_span(duration)} and "
        f"{_size(sum(size for _, size in known))} of disk{free}."
    )


def _probe_notes(study: Study, dataset: str, results: Results | None) -> list[str]:
    if not study.probes:
        return []
    found = results.measured_by(study.probes) if results is not None else {}
    cells = [cell for cell in study.cells if cell.data.source.name == dataset]
    done = sum(len(found.get(cell.id, ())) for cell in cells)
    names = ", ".join(probe.name for probe in study.probes)
    asked = len(cells) * len(study.probes)
    return [f"Probes: {names}; {done} of {asked} measurements are there."]


def _power_note(study: Study, dataset: str) -> str:
    from poolbench.stats.floor import (
        floor_message,
        seeds_needed,
        smallest_p,
        smallest_p_paired,
    )

    counts = [len(cells) for name, _, cells in study.conditions() if name == dataset]
    if len(counts) < 2:
        return "One variant: nothing to compare."
    pairs = len(counts) - 1 if study.baseline else len(counts) * (len(counts) - 1) // 2
    few, paired, alpha = min(counts), study.analysis.paired, study.analysis.alpha
    if few < (needed := seeds_needed(alpha, pairs, paired=paired)):
        return (
            f"Cannot reach significance: {floor_message((few, few), alpha, pairs, paired=paired)}."
        )
    floor = smallest_p_paired(few) if paired else smallest_p(few, few)
    return (
        f"Can reach significance: {few} seeds, smallest possible p {floor:.2g} over {pairs} "
        f"comparison{'s' if pairs > 1 else ''} at alpha = {alpha:g} (at least {needed} seeds)."
    )


def _remembered(results: Results | None) -> dict[str, tuple[float, float]]:
    """Return the mean cost of each condition's finished cells in the store."""
    costs: dict[str, tuple[float, float]] = {}
    if results is None:
        return costs
    for _, _, cells in results.study.conditions():
        seen = [
            (run.duration_s, results.store.size_bytes(cell.id))
            for cell in cells
            if (run := results.runs.get(cell.id)) is not None
        ]
        if seen:
            durations, sizes = zip(*seen, strict=True)
            costs[cells[0].condition] = (sum(durations) / len(seen), sum(sizes) / len(seen))
    return costs


def _measure(study: Study, root: Path | None, device: str) -> dict[str, tuple[float, float]]:
    from poolbench.runtime.cell_cost import measure

    costs = {}
    for _, _, cells in study.conditions():
        cost = measure(cells[0], root=root, device=device, threads=study.execution.threads)
        costs[cells[0].condition] = (cost.duration_s, float(cost.size_bytes))
    return costs


def _operators(cell: Cell) -> str:
    return ", ".join(f"{site}: {pool}" for site, pool in cell.model.pools.items())


def _number(value: int) -> TableCell:
    return TableCell(values=(value,), text=str(value))


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def _size(count: float | None) -> str:
    if count is None:
        return "unknown"
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count:.0f} B"
