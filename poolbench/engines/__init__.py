"""Where cells run: the catalogue of engines. Reading it imports nothing else."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, Entry

ENGINES: Catalogue[Entry] = Catalogue(
    "engine",
    {
        "local": Entry(
            target="poolbench.engines.local:LocalEngine",
            summary="worker processes on this machine, one per slot",
        ),
        "inline": Entry(
            target="poolbench.engines.inline:InlineEngine",
            summary="this process: for debugging and tests",
        ),
    },
)
