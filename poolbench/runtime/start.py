"""The weights that a cell starts from, out of their file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from torch import Tensor

from poolbench.assembly.loaded_weights import Start, load_start, plan_start
from poolbench.core.cell import Cell
from poolbench.core.errors import EnvironmentFault
from poolbench.data.splits import Splits
from poolbench.models.network import Network
from poolbench.weights.finding import weights_file
from poolbench.weights.reading import read_state


def start_of(
    cell: Cell, *, shape: tuple[int, int, int], num_classes: int, root: Path | None
) -> Start | None:
    """Return what a cell's network starts from; ``None`` for random weights.

    Args:
        cell: The cell.
        shape: (C, H, W) of its images.
        num_classes: Number of classes of its data.
        root: The data root, below which relative paths are.

    Raises:
        BadInput: The weights are not of this network, or the file holds none.
        EnvironmentFault: Their file is missing, cannot be read, or has changed.
    """
    weights = cell.model.weights
    if weights is None:
        return None
    path = weights_file(cell.model.network.name, weights, root)
    channels, height, width = shape
    return plan_start(
        cell.model,
        _state(path, weights.sha256),
        in_channels=channels,
        num_classes=num_classes,
        image_size=(height, width),
    )


def take_weights(network: Network, cell: Cell, splits: Splits, root: Path | None) -> None:
    """Load the weights that a cell starts from, if it starts from any.

    Args:
        network: The cell's network; its classifier stays as it is if the file's has another
            number of classes.
        cell: The cell.
        splits: Its data.
        root: The data root.

    Raises:
        As :func:`start_of`.
    """
    start = start_of(cell, shape=splits.shape, num_classes=splits.num_classes, root=root)
    if start is not None:
        load_start(network.body, start)


@lru_cache(maxsize=1)
def _state(path: Path, sha256: str) -> dict[str, Tensor]:  # noqa: ARG001 - the hash is the key
    """Return the tensors of a file, which all seeds of a variant start from."""
    try:
        return read_state(path)
    except OSError as error:
        raise EnvironmentFault(f"cannot read {path}: {error.strerror or error}") from error
