"""What probes have found, as the store holds it."""

from __future__ import annotations

from collections.abc import Collection

from poolbench.core.cell import Cell, Named
from poolbench.core.measurement import Measurement, measurement_key
from poolbench.core.study import Study
from poolbench.store.documents import Damaged
from poolbench.store.store import Store


def measured(store: Store, cell: Cell, probe: Named) -> Measurement | None:
    """Return what a probe found on a run; ``None`` if it is not stored, or stored and damaged."""
    network = store.network(cell.id)
    if network is None:
        return None
    try:
        return store.measurement(cell.id, measurement_key(probe, network))
    except (Damaged, FileNotFoundError):
        return None


def read_measurements(
    study: Study, store: Store, probes: Collection[Named] | None = None
) -> tuple[dict[str, tuple[Measurement, ...]], list[str]]:
    """Return what was found on a study's runs, by cell id, and what is wrong with damaged files.

    Args:
        study: Its cells are looked at; a run is there under every label it goes by.
        store: Where they are.
        probes: Only what these found, in their order; ``None`` for everything that is stored.
    """
    found: dict[str, tuple[Measurement, ...]] = {}
    damaged: dict[str, None] = {}
    for cell in study.cells:
        network = store.network(cell.id)
        if network is None:
            continue
        sound = {}
        for key in store.measurement_keys(cell.id):
            try:
                measurement = store.measurement(cell.id, key)
            except Damaged as error:
                words = f"{cell}: {error}; counted as missing, `poolbench robustness` redoes it"
                damaged[words] = None
            else:
                # Weights that were replaced have other findings.
                if measurement.network == network:
                    sound[key] = measurement
        if probes is None:
            found[cell.id] = tuple(sorted(sound.values(), key=lambda made: str(made.probe)))
        else:
            keys = [measurement_key(probe, network) for probe in probes]
            found[cell.id] = tuple(sound[key] for key in keys if key in sound)
    return found, list(damaged)
