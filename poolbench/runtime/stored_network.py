"""The network of a finished run, built from its store alone: without its data."""

from __future__ import annotations

import safetensors.torch
from torch import Tensor

from poolbench.assembly.network import build_network, image_shape
from poolbench.core.errors import BadInput
from poolbench.core.record import Run
from poolbench.data import DATASETS
from poolbench.models.network import Network
from poolbench.runtime.components import components_of, require
from poolbench.store.commit import WEIGHTS, Commit


def stored_weights(commit: Commit) -> dict[str, Tensor]:
    """Return the tensors of a run, on the CPU.

    Raises:
        Damaged: They are not what was written.
    """
    return safetensors.torch.load(commit.read(WEIGHTS))


def stored_network(run: Run, weights: dict[str, Tensor]) -> Network:
    """Return a run's network with its weights, in evaluation mode.

    Args:
        run: The run.
        weights: Its tensors.

    Raises:
        BadInput: A plug-in of the run is not loaded, or is another version; or an old version
            did not note the number of classes of its data.
    """
    cell = run.cell
    require(components_of(cell))
    _, height, width = image_shape(cell)
    source = cell.data.source
    classes = run.result.classes or DATASETS[source.name].classes_of(source.options)
    if classes is None:
        raise BadInput(
            f"the run {cell.id} was trained by a version that did not note how many classes it has",
            "train it again, or build its network with pb.model",
        )
    mean = weights["mean"].flatten().tolist()
    network = build_network(
        cell.model,
        in_channels=len(mean),
        num_classes=classes,
        image_size=(height, width),
        mean=mean,
        std=weights["std"].flatten().tolist(),
        seed=cell.seed,
    )
    network.load_state_dict(weights)
    return network.eval()
