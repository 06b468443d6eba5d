from __future__ import annotations

from pathlib import Path

from poolbench.store.store import Store
from tests.store.made_up import commit, predictions


def test_a_run_tells_what_identifies_its_predictions(tmp_path: Path) -> None:
    prints = []
    for host, content in (("here", (1, 2)), ("there", (1, 2)), ("other", (2, 1))):
        store = Store.create(tmp_path / host)
        commit(store.path, host, predictions=predictions(*content))
        (cell_id,) = store.finished()
        prints.append(store.commit_of(cell_id).run().predictions)
    here, there, other = prints
    assert here == there
    assert here != other
    assert None not in prints
