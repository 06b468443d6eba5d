"""Which data sets are on this machine, found without reading them."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.cell import Named
from poolbench.core.errors import EnvironmentFault
from poolbench.data import DATASETS


def is_here(source: Named, root: Path | None) -> bool:
    """Return whether a data set's files are there; what needs no files always is.

    Args:
        source: The data set, or a pair of images that is drawn on the spot.
        root: The data root; ``None`` when the user named none.
    """
    if source.name not in DATASETS or not DATASETS[source.name].find:
        return True
    try:
        DATASETS.resolve(source.name, "find")(source, root)
    except EnvironmentFault:
        return False
    return True
