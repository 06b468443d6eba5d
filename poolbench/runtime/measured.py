"""Looking up whether a run has been measured by a probe."""

from __future__ import annotations

from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.measurement import Measurement, measurement_key
from poolbench.core.named import Named
from poolbench.store.store import Store


def measured(store: Store, cell: Cell, probe: Named) -> Measurement | None:
    """Return the measurement of a run by a probe; ``None`` if it is missing or damaged."""
    network = store.network(cell.id)
    if network is None:
        return None
    try:
        return store.measurement(cell.id, measurement_key(probe, network))
    except (Damaged, FileNotFoundError):
        return None
