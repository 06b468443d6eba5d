"""The weights that a cell starts from, out of their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from poolbench.assembly.loaded_weights import (
    Source,
    Start,
    load_start,
    own_pooling,
    plan_start,
    read_source,
)
from poolbench.assembly.weight_checks import TRAINED_WITH
from poolbench.core.cell import Cell
from poolbench.core.counted import counted, first_of
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.data.splits import Splits
from poolbench.models.network import Network
from poolbench.weights.finding import weights_file
from poolbench.weights.reading import read_state
from poolbench.weights.state_dicts import StateDict

_TRAIN = "train it from these: see `poolbench list suites practice/finetune-folder`"
_SOURCES: dict[tuple[object, ...], Source] = {}


def start_of(
    cell: Cell,
    *,
    shape: tuple[int, int, int],
    num_classes: int | None,
    root: Path | None,
    trained_with: str = TRAINED_WITH,
) -> Start | None:
    """Return what a cell's network starts from; ``None`` for random weights.

    Args:
        cell: The cell.
        shape: (C, H, W) of its images.
        num_classes: Number of classes of its data; ``None`` if it is not known yet, for as many as
            the classifier of the weights has.
        root: The data root, below which relative paths are.
        trained_with: How messages name what tells the operators that they were trained with.

    Raises:
        BadInput: The weights are not of this network, or the file holds none.
        EnvironmentFault: Their file is missing, cannot be read, or has changed.
    """
    weights = cell.model.weights
    if weights is None:
        return None
    channels, height, width = shape
    key = (own_pooling(cell.model).identity, shape, num_classes)
    if key not in _SOURCES:
        path = weights_file(cell.model.network.name, weights, root)
        _SOURCES.clear()  # one at a time, which all seeds and operators of a network share
        state = _state(path)
        source = read_source(
            cell.model,
            state.tensors,
            in_channels=channels,
            num_classes=num_classes,
            image_size=(height, width),
            trained_with=trained_with,
        )
        _SOURCES[key] = replace(source, choice=state.choice)
    return plan_start(cell.model, _SOURCES[key], in_channels=channels, image_size=(height, width))


def take_weights(network: Network, cell: Cell, splits: Splits, root: Path | None) -> str:
    """Load the weights that a cell starts from, if it starts from any.

    Args:
        network: The cell's network; its classifier stays as it is if the file's has another
            number of classes.
        cell: The cell.
        splits: Its data.
        root: The data root.

    Returns:
        By what the file's tensors were changed first; empty if they were not.

    Raises:
        As :func:`start_of`.
    """
    start = start_of(cell, shape=splits.shape, num_classes=splits.num_classes, root=root)
    if start is None:
        return ""
    if cell.origin == "evaluated":
        require_whole(start)
    load_start(network.body, start)
    return start.conversion


def require_whole(start: Start) -> None:
    """Check that nothing of a network that is only evaluated stays random.

    Raises:
        BadInput: Its classifier is for another number of classes, or an operator has weights that
            nobody trained.
    """
    if start.classifier:
        raise BadInput(
            f"the classifier of the weights has {counted(start.file_classes, 'class', 'classes')}, "
            f"the data have {start.num_classes}",
            f"evaluate them on data with the same classes, or {_TRAIN}",
        )
    if start.random:
        raise BadInput(
            f"{first_of(start.random, 3)} would be random: the operator has weights of its own, "
            "and the file has none for it",
            f"choose an operator without such weights, or {_TRAIN}",
        )


def _state(path: Path) -> StateDict:
    try:
        return read_state(path)
    except OSError as error:
        raise EnvironmentFault(f"cannot read {path}: {error.strerror or error}") from error
