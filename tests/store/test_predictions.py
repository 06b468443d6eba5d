"""Predictions of runs of this version and of older ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poolbench.core.document import Damaged
from poolbench.store.predictions import Predictions, read_predictions
from poolbench.store.store import Store
from tests.store.made_up import commit, predictions

LABELS = {"label": [1, 1], "probability": np.array([0.75, 0.5], np.float32)}
OF_PROBABILITIES = {
    "confidence": np.array([0.75, 0.5], np.float32),
    "nll": np.array([0.25, 0.75], np.float32),
    "brier": np.array([0.125, 0.5], np.float32),
}


def stored(path: Path, **arrays: Any) -> Predictions | None:
    store = Store.create(path)
    commit(store.path, predictions=predictions(1, 2, **arrays))
    (cell_id,) = store.finished()
    store.commit_of(cell_id).verify()
    return read_predictions(store.commit_of(cell_id))


def test_confidence_likelihood_and_distance_are_read_with_the_classes(tmp_path: Path) -> None:
    found = stored(tmp_path, **LABELS, **OF_PROBABILITIES, of_a_later_version=[0])
    assert found is not None
    assert found.right.tolist() == [True, False]
    for name, expected in OF_PROBABILITIES.items():
        assert getattr(found, name).tolist() == expected.tolist()


def test_a_run_of_an_older_version_has_its_classes_and_no_confidence(tmp_path: Path) -> None:
    found = stored(tmp_path, **LABELS)
    assert found is not None
    assert found.right.tolist() == [True, False]
    assert (found.confidence, found.nll, found.brier) == (None, None, None)


@pytest.mark.parametrize(
    "arrays", [{**LABELS, "confidence": [0.5]}, {"label": [1, 1]}, {**LABELS, "nll": 1.0}]
)
def test_what_no_version_wrote_is_damaged(tmp_path: Path, arrays: dict[str, Any]) -> None:
    with pytest.raises(Damaged, match=r"predictions\.npz"):
        stored(tmp_path, **arrays)
