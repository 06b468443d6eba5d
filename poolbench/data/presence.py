"""Find which data sets are on this machine, without reading them."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.errors import EnvironmentFault
from poolbench.core.named import Named
from poolbench.data import DATASETS


def is_here(source: Named, root: Path | None) -> bool:
    """Return whether a data set's files are there; true if it needs none.

    Args:
        source: The data set, or a generated pair of images.
        root: Folder of data sets; ``None`` if the user named none.
    """
    if source.name not in DATASETS or not DATASETS[source.name].find:
        return True
    try:
        DATASETS.resolve(source.name, "find")(source, root)
    except EnvironmentFault:
        return False
    return True
