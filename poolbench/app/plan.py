"""Plan a study: its cells, what is done, the time and disk still needed, what it can show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from poolbench.app.networks import about_networks, check_parts
from poolbench.app.results import Results, read_results
from poolbench.app.search_notes import about_search
from poolbench.app.train import part_of
from poolbench.core.cell_cost import CellCost
from poolbench.core.data_root import data_root
from poolbench.core.errors import NothingMatched
from poolbench.core.shard import Shard
from poolbench.core.study import Study
from poolbench.report.studies.effort import kind_of
from poolbench.report.studies.plan import PlanProgress, plan_table
from poolbench.report.table import Table
from poolbench.runtime.devices import check_gpu_settings, workers_of
from poolbench.store.store import Store


def plan(
    study: Study,
    store_path: Path,
    *,
    root: Path | None = None,
    device: str | None = None,
    jobs: int | None = None,
    gpus: int | None = None,
    measured: bool = False,
    shard: Shard | None = None,
) -> list[Table]:
    """Return a table for each network and data set, without training or creating the store.

    Args:
        study: The study to plan.
        store_path: Folder of the run store; it need not exist.
        root: Folder of data sets, read only with ``measured``, and of files of weights.
        device: Overrides the suite's device.
        jobs: Overrides the suite's number of workers.
        gpus: Plan for a machine with so many GPUs, at least 1; ``None`` for this machine.
        measured: Whether to time a few real steps of every variant; by default the costs of runs
            in the store are used.
        shard: Plan only the cells of this part; ``None`` for all.

    Raises:
        BadInput: A site, weights or a frozen path are not of their network; or ``gpus`` is given
            for a study on the CPU.
        NothingMatched: The shard is empty.
        EnvironmentFault: The store cannot be read; with ``measured``, the device cannot be used or
            data are missing.
    """
    about = [] if shard is None else [shard.about(study)]
    study = part_of(study, shard)
    if not study.cells:
        raise NothingMatched(
            about[0], "train has nothing to do for it; fewer shards would have cells each"
        )
    check_parts(study)
    results = read_results(study, store_path) if Store.is_at(store_path) else None
    devices = workers_of(study.execution, device=device, jobs=jobs, gpus=gpus)
    if measured:  # the timed steps must be those that would be trained
        check_gpu_settings(study, device=device)
    costs = (
        _measure(study, data_root(root), workers_of(study.execution, device=device, jobs=1)[0])
        if measured
        else _remembered(results, kind_of(devices[0]))
    )
    tables = _tables(
        study,
        results,
        costs,
        devices,
        lambda part, dataset: [*about_networks(part, dataset, data_root(root), every=measured)],
    )
    about += about_search(study)
    return [table.with_notes(about) for table in tables]


def plan_of(results: Results) -> list[Table]:
    """Return the plan of a study from its results, as :func:`plan` does, without its maps."""
    devices = workers_of(results.study.execution, device=None, jobs=None)
    return _tables(results.study, results, _remembered(results, kind_of(devices[0])), devices)


def _tables(
    study: Study,
    results: Results | None,
    costs: Mapping[str, CellCost],
    devices: Sequence[str],
    about: Callable[[Study, str], Sequence[str]] = lambda *_: (),
) -> list[Table]:
    progress = PlanProgress(costs=costs, devices=devices)
    if results is not None:
        store, done = results.store, results.runs
        progress = replace(
            progress,
            done=done.keys(),
            begun=[c.id for c in study.cells if c.id not in done and store.has_checkpoint(c.id)],
            measured={
                cell_id: len(found) for cell_id, found in results.measured_by(study.probes).items()
            },
            free_bytes=store.free_bytes(),
        )
    return [
        plan_table(part, dataset, progress, about(part, dataset))
        for part in study.parts
        for dataset in part.datasets
        if part.cells_on(dataset)
    ]


def _remembered(results: Results | None, device: str) -> dict[str, CellCost]:
    """Return the mean cost of each condition over its finished cells.

    Args:
        results: What is stored.
        device: ``cpu`` or ``cuda``: runs on another count where there are none on it.
    """
    costs: dict[str, CellCost] = {}
    if results is None:
        return costs
    for _, _, cells in results.study.conditions():
        seen = defaultdict(list)
        for cell in cells:
            if (run := results.runs.get(cell.id)) is not None:
                seen[kind_of(str(run.environment.get("device", "")))].append(run)
        if seen:
            timed_on = device if device in seen else min(seen)
            costs[cells[0].condition] = CellCost(
                duration_s=fmean(run.duration_s for run in seen[timed_on]),
                size_bytes=fmean(run.size_bytes for run in seen[timed_on]),
                device=timed_on,
            )
    return costs


def _measure(study: Study, root: Path | None, device: str) -> dict[str, CellCost]:
    from poolbench.runtime.cell_cost import measure

    threads = study.execution.threads
    return {
        cells[0].condition: replace(
            measure(cells[0], root=root, device=device, threads=threads), device=kind_of(device)
        )
        for _, _, cells in study.conditions()
    }
