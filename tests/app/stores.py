"""Stores of runs that were never trained: real files, made-up outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from poolbench.core.measurement import Measurement, Point
from poolbench.core.named import Named
from poolbench.core.record import Epoch, Timing
from poolbench.core.study import Study
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store
from tests.report.examples import finished

VERSIONS = {"poolbench": "0.1.0", "torch": "2.15.0", "host": "secret"}


def a_store(
    path: Path, counts: Mapping[str, Sequence[int | str | None]], **changes: object
) -> Study:
    """Write a store and return its study.

    Args:
        path: The new store.
        counts: Per variant, of 200 test images how many each seed has right; ``None`` = diverged,
            ``"-"`` = missing. The first variant is the baseline.
        changes: Fields of the study, or of its analysis.
    """
    study, runs = finished(counts)
    results = {(run.cell.variant, run.cell.seed): run.result for run in runs.values()}
    analysis = {key: value for key, value in changes.items() if hasattr(study.analysis, key)}
    others = {key: value for key, value in changes.items() if key not in analysis}
    study = replace(study, analysis=replace(study.analysis, **analysis), **others)  # type: ignore[arg-type]
    store = Store.create(path)
    for cell in study.cells:
        if (cell.variant, cell.seed) not in results:
            continue
        with store.writing(cell) as writer:
            assert writer is not None
            writer.begin("made up", {})
            writer.commit(
                results[cell.variant, cell.seed],
                history=[
                    Epoch(epoch=1, loss=0.5, lr=0.1, validation_accuracy=None, pooling={}),
                    Epoch(
                        epoch=2,
                        loss=None,
                        lr=0.01,
                        validation_accuracy=0.75,
                        pooling={"head.temperature": 4.0},
                    ),
                ],
                timings=[Timing(epoch=epoch, duration_s=1.5, images=900) for epoch in (1, 2)],
                environment=VERSIONS,
                artefacts={"model.safetensors": b"made up"},
            )
    store.remember(study)
    return study


def probed(
    store: Path,
    study: Study,
    heights: Mapping[str, Sequence[int | None]],
    *,
    eps: float = 0.25,
    beyond: float | None = None,
) -> None:
    """Store what fgsm might have found.

    Args:
        store: Of the runs.
        study: Its cells.
        heights: By variant and seed, so many right of 200 at every epsilon; ``None`` = failed.
        eps: The epsilon beside 0.
        beyond: A further one that no network can be put to.
    """
    epsilons = (0.0, eps) if beyond is None else (0.0, eps, beyond)
    for cell in study.cells:
        right = heights[cell.variant][cell.seed]
        measurement = Measurement(
            probe=Named(name="fgsm", options={"epsilons": epsilons}),
            network=str(Store(store).network(cell.id)),
            status="failed" if right is None else "ok",
            points=() if right is None else tuple(
                Point(at=at, correct=None if at == beyond else right, total=200)
                for at in epsilons
            ),
        )  # fmt: skip
        writer = MeasurementWriter(Store(store).folder(cell.id))
        writer.begin("made up", {})
        writer.save(measurement)
