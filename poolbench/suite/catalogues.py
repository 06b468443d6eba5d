"""The names a suite may use, passed in by the caller so that checking a suite imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from poolbench.core.catalogue import (
    Catalogue,
    DataEntry,
    EngineEntry,
    Entry,
    ModelEntry,
    OperatorEntry,
    ProbeEntry,
    SearchEntry,
)


@dataclass(frozen=True, kw_only=True)
class Catalogues:
    """Every family of names that a suite chooses from.

    Args:
        operators: Pooling operators.
        models: Networks, with their sites.
        datasets: Data sets.
        augmentations: Changes to training batches.
        optimizers: Optimisers.
        schedules: Learning-rate schedules; must hold ``constant``, which is the default.
        probes: Measurements on trained networks.
        searches: Searches for a recipe.
        engines: Where workers run.
    """

    operators: Catalogue[OperatorEntry]
    models: Catalogue[ModelEntry]
    datasets: Catalogue[DataEntry]
    augmentations: Catalogue[Entry]
    optimizers: Catalogue[Entry]
    schedules: Catalogue[Entry]
    probes: Catalogue[ProbeEntry]
    searches: Catalogue[SearchEntry]
    engines: Catalogue[EngineEntry]
