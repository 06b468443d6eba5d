"""Runs that were never trained, committed as a writer does that holds no lock."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from poolbench.core.measurement import Measurement, Point
from poolbench.core.named import Named
from poolbench.core.record import Epoch, Result, Timing
from poolbench.store.arrival import Arrival
from poolbench.store.documents import sha256
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store
from poolbench.store.writer import CellWriter
from tests.cells import a_cell

RESULT = Result(status="ok", correct=9, total=10, test_loss=0.25, parameters=42, epochs=1)
EPOCH = Epoch(epoch=1, loss=0.5, lr=0.1, validation_accuracy=None, pooling={})


def predictions(*predicted: int, **others: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, predicted=np.array(predicted), **others)
    return file.getvalue()


def commit(path: Path, host: str = "here", seed: int = 0, **changes: Any) -> Arrival:
    """Commit a run: its environment and durations tell the host, ``changes`` its content."""
    writer = CellWriter(Store(path).places, a_cell(seed=seed))
    writer.begin("session", {})
    writer.save_checkpoint(host.encode(), epoch=1, step=0)
    writer.load_checkpoint()  # as one that was interrupted
    values = {"result": RESULT, "history": [EPOCH], "weights": b"weights", **changes}
    return writer.commit(
        values["result"],
        history=values["history"],
        timings=[Timing(epoch=1, duration_s=len(host), images=100)],
        environment=values.get("environment", {"host": host}),
        artefacts={
            "model.safetensors": values["weights"],
            "predictions.npz": values.get("predictions", predictions(1, 2)),
        },
    )


def measure(
    path: Path, seed: int = 0, *, name: str = "fgsm", host: str = "here", correct: int = 5
) -> Measurement:
    """Measure a run of ``commit``."""
    measurement = Measurement(
        probe=Named(name=name, options={"epsilons": (0.0,)}),
        network=sha256(b"weights"),
        status="ok",
        points=(Point(at=0.0, correct=correct, total=10),),
        environment={"host": host},
    )
    MeasurementWriter(Store(path).folder(a_cell(seed=seed).id)).save(measurement)
    return measurement
