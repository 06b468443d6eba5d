"""Which data sets are on this machine, found without reading them."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.cell import Named
from poolbench.core.errors import EnvironmentFault
from poolbench.data.folder_files import find_pictures
from poolbench.data.imagenette_files import CLASSES, find_imagenette
from poolbench.data.official import CIFAR10, CIFAR100, MNIST, MNIST_UNPACKED, files_root

_OFFICIAL = {"mnist": (MNIST, MNIST_UNPACKED), "cifar10": (CIFAR10,), "cifar100": (CIFAR100,)}


def is_here(source: Named, root: Path | None) -> bool:
    """Return whether a data set's files are there; what is embedded or generated always is.

    Args:
        source: The data set.
        root: The data root; ``None`` when the user named none.
    """
    if source.name in _OFFICIAL:
        return any(not files.missing(files_root(root)) for files in _OFFICIAL[source.name])
    find = find_imagenette if source.name in CLASSES else find_pictures
    if source.name not in CLASSES and source.name != "folder":
        return True
    try:
        find(source, root)
    except EnvironmentFault:
        return False
    return True
