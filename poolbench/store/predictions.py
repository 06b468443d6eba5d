"""The predictions of a run: what its network made of each test image."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poolbench.core.document import Damaged
from poolbench.store.commit import PREDICTIONS, Commit


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Predictions in the order of the test images.

    Args:
        predicted: Predicted class of each image, int32 ``(N,)``.
        probability: Softmax probability of the true class, float32 ``(N,)``.
        label: True class of each image, int32 ``(N,)``.
    """

    predicted: NDArray[np.int32]
    probability: NDArray[np.float32]
    label: NDArray[np.int32]


def read_predictions(commit: Commit) -> Predictions | None:
    """Return the predictions of a run; ``None`` if it has none, as its training diverged.

    Raises:
        Damaged: They are not what was written.
        EnvironmentFault: They cannot be read.
    """
    if PREDICTIONS not in commit.files:
        return None
    try:
        arrays = np.load(io.BytesIO(commit.read(PREDICTIONS)))
        return Predictions(**{name: arrays[name] for name in ("predicted", "probability", "label")})
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise Damaged(f"{PREDICTIONS}: unreadable: {error}") from error
