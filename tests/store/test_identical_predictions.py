from __future__ import annotations

from pathlib import Path

from poolbench.store.store import Store
from tests.cells import a_cell
from tests.store.made_up import commit, predictions


def test_a_run_tells_what_identifies_its_predictions(tmp_path: Path) -> None:
    for host in ("here", "there"):
        commit(tmp_path / host, host, seed=1)
    commit(tmp_path / "other", seed=1, predictions=predictions(2, 1))
    cell_id = a_cell(seed=1).id
    prints = [
        Store(tmp_path / name).commit_of(cell_id).run().predictions
        for name in ("here", "there", "other")
    ]
    assert prints[0] == prints[1]
    assert prints[0] != prints[2]
    assert prints[2] is not None
