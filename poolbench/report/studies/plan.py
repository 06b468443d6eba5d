"""The plan of a study: its cells, what is done, the cost of the rest, what it can show."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from poolbench.core.cell import Cell
from poolbench.core.cell_cost import CellCost
from poolbench.core.counted import counted
from poolbench.core.pairs import declared_pairs
from poolbench.core.study import Study
from poolbench.report.number_format import byte_size, duration
from poolbench.report.studies.differences import about_differences
from poolbench.report.studies.effort import about_effort
from poolbench.report.studies.starts import about_parts, about_weights
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats.floor import floor_message, seeds_needed, smallest_p_of

_COLUMNS = (
    Column(title="variant", fields=("variant",), is_text=True),
    Column(title="operators", fields=("operators",), is_text=True),
    Column(title="cells", fields=("cells",)),
    Column(title="done", fields=("done",)),
    Column(title="begun", fields=("begun",)),
    Column(title="time a cell", fields=("duration_s",)),
    Column(title="disk a cell", fields=("size_bytes",)),
)


@dataclass(frozen=True, kw_only=True)
class PlanProgress:
    """The progress of a study, and the cost of the rest.

    Args:
        costs: Cost of a cell by condition, where known.
        devices: Device of each worker.
        done: Ids of the cells with a result.
        begun: Ids of interrupted cells, which resume from a checkpoint.
        measured: Number of the study's probes that are done, by cell id.
        free_bytes: Free space on the store's disk, in bytes; ``None`` if there is no store.
    """

    costs: Mapping[str, CellCost]
    devices: Sequence[str]
    done: Collection[str] = ()
    begun: Collection[str] = ()
    measured: Mapping[str, int] = field(default_factory=dict)
    free_bytes: float | None = None


def plan_table(
    study: Study, dataset: str, progress: PlanProgress, about_networks: Sequence[str] = ()
) -> Table:
    """Return the plan for one data set, a row for each variant.

    Args:
        study: The study to plan.
        dataset: One of ``study.datasets``.
        progress: Its progress.
        about_networks: What its networks start from and pool, in sentences.
    """
    rows = study.cells_on(dataset)
    cells = [cell for row in rows.values() for cell in row]
    return Table(
        title=f"{study.heading}: {dataset}, {counted(len(cells), 'cell')}",
        columns=_COLUMNS,
        rows=tuple(_row(variant, row, progress) for variant, row in rows.items()),
        notes=(
            _recipe_note(study.cells[0]),
            *about_images(study, dataset),
            *about_differences(study, dataset, is_compared=True),
            *about_weights(study, dataset),
            *about_networks,
            *about_effort(
                [cell for cell in cells if cell.id not in progress.done],
                progress.costs,
                progress.devices,
                free_bytes=progress.free_bytes,
                engine=study.execution.engine.name if study.execution.engine else "",
            ),
            _power_note(study.whole, dataset),
            *_probe_notes(study, cells, progress),
        ),
    )


def about_images(study: Study, dataset: str) -> Iterator[str]:
    """Say how many images of how many classes were found and are used, and which pictures."""
    found = study.found.get(dataset)
    if found is None:
        return
    data = next(cell.data for cell in study.cells if cell.data.source.name == dataset)
    used = f"; at most {data.limit:,} of each split are used" if data.limit is not None else ""
    held = f"; {100 * data.validation:g} % of training is held out" if data.validation else ""
    yield f"Found of {dataset}: {found}{used}{held}."
    if found.pictures is not None:
        yield from found.pictures.sentences(dataset)


def _row(variant: str, cells: Sequence[Cell], progress: PlanProgress) -> tuple[TableCell, ...]:
    done = sum(cell.id in progress.done for cell in cells)
    begun = sum(cell.id in progress.begun for cell in cells)
    cost = progress.costs.get(cells[0].condition)
    duration_s, size = (cost.duration_s, cost.size_bytes) if cost else (None, None)
    pools = cells[0].model.pools.items()
    return (
        text_cell(variant),
        text_cell(", ".join(f"{site}: {pool}" for site, pool in pools)),
        *(TableCell(values=(number,), text=str(number)) for number in (len(cells), done, begun)),
        TableCell(values=(duration_s,), text=duration(duration_s)),
        TableCell(values=(size,), text=byte_size(size)),
    )


def _recipe_note(cell: Cell) -> str:
    recipe = cell.recipe
    return (
        f"First cell: {cell.model.network}; {counted(recipe.epochs, 'epoch')}, "
        f"batch {recipe.batch_size}, {recipe.optimizer}, {recipe.schedule}, {recipe.precision}"
        + "".join(f"; {what}: {value}" for what, value in about_parts(recipe))
        + "."
    )


def _power_note(study: Study, dataset: str) -> str:
    counts = [len(row) for row in study.cells_on(dataset).values()]
    if len(counts) < 2:
        return "One variant: nothing to compare."
    declared = declared_pairs(study.variants, study.baseline, study.analysis.planned)
    pairs = len(declared) or len(counts) * (len(counts) - 1) // 2
    few, paired, alpha = min(counts), study.analysis.paired, study.analysis.alpha
    if few < (needed := seeds_needed(alpha, pairs, paired=paired)):
        return (
            f"Cannot reach significance: {floor_message((few, few), alpha, pairs, paired=paired)}."
        )
    floor = smallest_p_of((few, few), paired=paired)
    return (
        f"Can reach significance: {few} seeds, smallest possible p {floor:.3g} over "
        f"{counted(pairs, 'comparison')} at alpha = {alpha:g} (at least {needed} seeds)."
    )


def _probe_notes(study: Study, cells: Sequence[Cell], progress: PlanProgress) -> list[str]:
    if not study.probes:
        return []
    done = sum(progress.measured.get(cell.id, 0) for cell in cells)
    names = ", ".join(probe.name for probe in study.probes)
    total = len(cells) * len(study.probes)
    return [f"Probes: {names}; {done} of {total} measurements are done."]
