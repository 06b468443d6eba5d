"""A cell's network and training before the first step."""

from __future__ import annotations

import torch
from torch import nn

from poolbench.assembly.network import build_network
from poolbench.assembly.parts import parts_of
from poolbench.core.cell import Cell
from poolbench.core.weights import Normalisation
from poolbench.data.augment.api import build_augmentations
from poolbench.data.batches import Batches, evaluation_batches
from poolbench.data.labelled_images import LabelledImages
from poolbench.data.splits import Splits
from poolbench.models.network import Network
from poolbench.operators.learned import learned_parameters
from poolbench.training.captured import Recorder
from poolbench.training.evaluate import Evaluation, evaluate
from poolbench.training.loop import Training

EVALUATION_BATCH = 500


def network_for(cell: Cell, splits: Splits, device: torch.device) -> Network:
    """Return a cell's network with random weights, on the device, channels last."""
    channels, height, width = splits.shape
    pixels = normalisation_of(cell, splits)
    network = build_network(
        cell.model,
        in_channels=channels,
        num_classes=splits.num_classes,
        image_size=(height, width),
        mean=pixels.mean,
        std=pixels.std,
        seed=cell.seed,
    )
    return network.to(device).to(memory_format=torch.channels_last)


def normalisation_of(cell: Cell, splits: Splits) -> Normalisation:
    """Return what the pixels of a cell's network are normalised by: as its weights want, if any."""
    weights = cell.model.weights
    if weights is not None and weights.normalisation is not None:
        return weights.normalisation
    return Normalisation(mean=splits.mean, std=splits.std)


def training_for(
    cell: Cell,
    splits: Splits,
    network: Network,
    device: torch.device,
    recorder: Recorder | None = None,
) -> Training:
    """Return a cell's training, before its first step.

    Raises:
        BadInput: Its recipe freezes what is not in the network, or all of it.
    """

    def validate() -> float:
        assert splits.validation is not None  # noqa: S101 - only used in that case
        seen = evaluate_cell(network, cell, splits.validation, device)
        return seen.correct / seen.total

    return Training(
        network,
        batches_of(cell, splits),
        cell.recipe,
        seed=cell.seed,
        device=device,
        parts=parts_of(
            network.body, cell, num_classes=splits.num_classes, shape=splits.shape
        ).within("body"),
        observe=lambda: {
            name: float(value.mean()) for name, value in learned_parameters(network).items()
        },
        validate=None if splits.validation is None else validate,
        recorder=recorder,
    )


def batches_of(cell: Cell, splits: Splits) -> Batches:
    """Return the training batches of a cell."""
    return Batches(
        splits.train,
        batch_size=cell.recipe.batch_size,
        augment=build_augmentations(cell.data.augment, mean=splits.mean),
        seed=cell.seed,
    )


def evaluate_cell(
    network: nn.Module, cell: Cell, split: LabelledImages, device: torch.device
) -> Evaluation:
    """Evaluate a cell's network on a split."""
    batches = evaluation_batches(split, batch_size=EVALUATION_BATCH)
    return evaluate(network, batches, device=device, precision=cell.recipe.precision)
