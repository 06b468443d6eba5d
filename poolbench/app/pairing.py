"""Whether pairing by seed was declared before runs were trained, or chosen with them at hand."""

from __future__ import annotations

from dataclasses import replace

from poolbench.core.study import Study
from poolbench.store.store import Store


def as_declared(study: Study, store: Store) -> Study:
    """Return a study that says if its pairing was chosen after some of its runs were there.

    It was if the store remembers a study that is not paired, or was paired too late, and has a
    finished cell in common with this one.

    Args:
        study: The study.
        store: Where its runs are; what it remembers tells how they were meant when trained.

    Raises:
        EnvironmentFault: A stored study is damaged.
    """
    if not study.analysis.paired:
        return study
    own = {cell.id for cell in study.whole.cells}
    for other in store.studies():
        if other.analysis.paired and not other.analysis.is_pairing_chosen:
            continue
        shared = own.intersection(cell.id for cell in other.whole.cells)
        if any(store.has_result(cell_id) for cell_id in shared):
            return replace(study, analysis=replace(study.analysis, is_pairing_chosen=True))
    return study
