"""Studies of several networks and data sets with made-up outcomes, in memory or in a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from poolbench.core.cell import Cell, DataSpec, ModelSpec
from poolbench.core.named import Named
from poolbench.core.record import Epoch, Result, Run, Timing
from poolbench.core.study import Analysis, Study
from poolbench.store.store import Store
from poolbench.store.writer import CellWriter
from tests.cells import a_cell, a_study
from tests.report.examples import TOTAL, a_run
from tests.store.made_up import predictions

Correct = Callable[[Cell], int | str | None]
"""Right images of a cell: ``None`` = diverged, "-" = missing."""


def a_study_of(
    variants: Sequence[str],
    networks: Sequence[str] = ("",),
    datasets: Sequence[str] = ("digits", "cluttered-digits", "mnist"),
    seeds: int = 5,
    **analysis: object,
) -> Study:
    """Return a study whose baseline is its first variant."""
    base = a_cell()
    return replace(
        a_study(tuple(variants), seeds=seeds),
        datasets=tuple(datasets),
        analysis=replace(Analysis(), **analysis),  # type: ignore[arg-type]
        cells=tuple(
            replace(
                base,
                variant=variant,
                seed=seed,
                network_label=network,
                data=DataSpec(source=Named(name=dataset, options={}), checksum="c0ffee"),
                model=ModelSpec(
                    network=Named(name=network or "wrn", options={}),
                    pools={"head": Named(name=variant, options={})},
                ),
            )
            for network in networks
            for dataset in datasets
            for variant in variants
            for seed in range(seeds)
        ),
    )


def runs_of(study: Study, correct: Correct) -> dict[str, Run]:
    """Return the runs of a study."""
    counts = {cell.id: (cell, correct(cell)) for cell in study.cells}
    return {id: a_run(cell, n) for id, (cell, n) in counts.items() if not isinstance(n, str)}


def store_of(path: Path, study: Study, correct: Callable[[Cell], int]) -> Store:
    """Write a study and its runs as a session does."""
    store = Store.create(path)
    store.remember(study)
    weights = b"weights"
    for cell in study.cells:
        writer = CellWriter(store.places, cell)
        writer.begin("session", {})
        writer.commit(
            Result(
                status="ok",
                correct=correct(cell),
                total=TOTAL,
                test_loss=0.1,
                parameters=12_345,
                epochs=2,
                classes=10,
            ),
            history=[
                Epoch(epoch=epoch, loss=1 / epoch, lr=0.1, validation_accuracy=None, pooling={})
                for epoch in (1, 2)
            ],
            timings=[Timing(epoch=epoch, duration_s=1.0, images=1000) for epoch in (1, 2)],
            environment={"torch": "2"},
            artefacts={"model.safetensors": weights, "predictions.npz": predictions(1, 2)},
        )
    return store
