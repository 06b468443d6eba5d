"""The predictions of a run: what its network made of each test image."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poolbench.core.document import Damaged
from poolbench.core.record import Run
from poolbench.store.commit import PREDICTIONS, Commit, read_checked
from poolbench.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Predictions in the order of the test images.

    Args:
        predicted: Predicted class of each image, int32 ``(N,)``.
        probability: Softmax probability of the true class, float32 ``(N,)``.
        label: True class of each image, int32 ``(N,)``.
        confidence: Softmax probability of the predicted class, float32 ``(N,)``. Runs of 0.3.0 and
            before have neither it nor what follows: ``None``.
        nll: Negative log-likelihood of the true class in nats, float32 ``(N,)``.
        brier: Squared distance of the softmax probabilities from the one-hot true class, in
            [0, 2], float32 ``(N,)``.
    """

    predicted: NDArray[np.int32]
    probability: NDArray[np.float32]
    label: NDArray[np.int32]
    confidence: NDArray[np.float32] | None = None
    nll: NDArray[np.float32] | None = None
    brier: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        lengths = {f.name: len(a) for f in fields(self) if (a := getattr(self, f.name)) is not None}
        if len({*lengths.values()}) > 1:
            raise ValueError(f"arrays of different lengths: {lengths}")

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each image was classified correctly, ``(N,)``."""
        return self.predicted == self.label


_ALWAYS = ("predicted", "probability", "label")
_NAMES = {field.name for field in fields(Predictions)}


def read_predictions(commit: Commit) -> Predictions | None:
    """Return the predictions of a run; ``None`` if it has none, as its training diverged.

    Raises:
        Damaged: They are not what was written.
        EnvironmentFault: They cannot be read.
    """
    facts = commit.files.get(PREDICTIONS)
    return None if facts is None else _read(commit.folder, facts.sha256)


def predictions_of(store: Store, run: Run) -> Predictions | None:
    """Return the predictions of a run that was read before; ``None`` if it has none.

    Raises:
        Damaged: They are not what was written.
        EnvironmentFault: They cannot be read.
    """
    return None if run.predictions is None else _read(store.folder(run.cell.id), run.predictions)


def _read(folder: Path, digest: str) -> Predictions:
    data = read_checked(folder, PREDICTIONS, digest)
    try:
        arrays = np.load(io.BytesIO(data))
        stored = {*_ALWAYS, *arrays.files} & _NAMES
        return Predictions(**{name: arrays[name] for name in stored})
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise Damaged(f"{PREDICTIONS}: unreadable: {error}") from error
