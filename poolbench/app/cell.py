"""Train one cell: from its description to a committed run."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from poolbench.app.network import build_network
from poolbench.app.provenance import describe, now
from poolbench.app.shelf import DataShelf
from poolbench.core.cell import Cell
from poolbench.core.record import Result
from poolbench.data.augment.api import build_augmentations
from poolbench.data.batches import Batches, evaluation_batches
from poolbench.data.splits import Split, Splits
from poolbench.models.network import Network, count_parameters
from poolbench.operators.learned import learned_parameters, pooling_parameter_names
from poolbench.store.writer import CellWriter
from poolbench.training.checkpoint import UnreadableCheckpoint, pack_weights
from poolbench.training.evaluate import Evaluation, evaluate
from poolbench.training.loop import Progress, Training

CellOutcome = Literal["ok", "diverged", "stopped"]

EVALUATION_BATCH = 500

# A long epoch is saved in its middle too, so that a killed worker loses minutes at most.
_SAVE_EVERY_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """What a cell in training calls back.

    Args:
        should_stop: Whether to save and stop at this step.
        on_progress: Given where training is, at most twice a second.
        on_notice: Given words for people: damage found, state taken up.
    """

    should_stop: Callable[[], bool]
    on_progress: Callable[[Progress], None]
    on_notice: Callable[[str], None]


def network_for(cell: Cell, splits: Splits, device: torch.device) -> Network:
    """Return a cell's network as it starts training, on the device, channels last."""
    channels, height, width = splits.shape
    network = build_network(
        cell.model,
        in_channels=channels,
        num_classes=splits.num_classes,
        image_size=(height, width),
        mean=splits.mean,
        std=splits.std,
        seed=cell.seed,
    )
    return network.to(device).to(memory_format=torch.channels_last)


def training_for(cell: Cell, splits: Splits, network: Network, device: torch.device) -> Training:
    """Return a cell's training, before its first step."""

    def validate() -> float:
        assert splits.validation is not None  # noqa: S101 - passed on only when it is not
        seen = _evaluate(network, cell, splits.validation, device)
        return seen.correct / seen.total

    return Training(
        network,
        Batches(
            splits.train,
            batch_size=cell.recipe.batch_size,
            augment=build_augmentations(cell.data.augment, mean=splits.mean),
            seed=cell.seed,
        ),
        cell.recipe,
        seed=cell.seed,
        device=device,
        pooling=pooling_parameter_names(network),
        observe=lambda: {
            name: float(value.mean()) for name, value in learned_parameters(network).items()
        },
        validate=None if splits.validation is None else validate,
    )


def _evaluate(network: Network, cell: Cell, split: Split, device: torch.device) -> Evaluation:
    batches = evaluation_batches(split, batch_size=EVALUATION_BATCH)
    return evaluate(network, batches, device=device, precision=cell.recipe.precision)


def train_cell(
    writer: CellWriter, shelf: DataShelf, device: torch.device, reporting: Reporting
) -> tuple[CellOutcome, Result | None]:
    """Train a cell, from its checkpoint if it has one, to a committed run.

    Args:
        writer: The right to write the cell.
        shelf: Its data.
        device: Where to train.
        reporting: What to call back.

    Returns:
        How it ended, and the committed result unless it was stopped.

    Raises:
        EnvironmentFault: Data or disk cannot serve.
    """
    cell = writer.cell
    splits = shelf.splits(cell.data)
    network = network_for(cell, splits, device)
    training = training_for(cell, splits, network, device)
    if not _take_up(writer, training, reporting.on_notice):
        network = network_for(cell, splits, device)
        training = training_for(cell, splits, network, device)
    saver = _Saver(writer, training)

    def on_progress(progress: Progress) -> None:
        saver.save_if_due()
        reporting.on_progress(progress)

    outcome = training.run(
        should_stop=reporting.should_stop, on_epoch=saver.save, on_progress=on_progress
    )
    if outcome == "stopped":
        saver.save()
        return "stopped", None
    result, artefacts = _conclude(cell, splits, network, training, outcome == "diverged", device)
    writer.commit(
        result,
        history=training.history,
        timings=training.timings,
        environment={
            **describe(device),
            "attempts": sum(1 for _ in writer.attempts()),
            "finished": now(),
        },
        artefacts=artefacts,
    )
    return result.status, result


class _Saver:
    """Checkpoints a training after each epoch, and now and then within long ones."""

    def __init__(self, writer: CellWriter, training: Training) -> None:
        self._writer, self._training = writer, training
        self._saved_at = time.monotonic()

    def save(self) -> None:
        training = self._training
        if training.epoch < training.recipe.epochs:
            self._writer.save_checkpoint(training.save(), epoch=training.epoch, step=training.step)
        self._saved_at = time.monotonic()

    def save_if_due(self) -> None:
        if time.monotonic() - self._saved_at > _SAVE_EVERY_S:
            self.save()


def _take_up(writer: CellWriter, training: Training, on_notice: Callable[[str], None]) -> bool:
    """Load the newest sound checkpoint; false when the training must be built anew."""
    data, damaged = writer.load_checkpoint()
    for path in damaged:
        on_notice(f"a damaged checkpoint was moved to {path}; what it held is trained again")
    if data is None:
        return True
    try:
        training.load(data)
    except UnreadableCheckpoint as error:
        for path in writer.set_aside_checkpoints():
            on_notice(f"a checkpoint that {error} was moved to {path}; the cell starts again")
        return False
    return True


def _conclude(
    cell: Cell,
    splits: Splits,
    network: Network,
    training: Training,
    diverged: bool,
    device: torch.device,
) -> tuple[Result, Mapping[str, bytes]]:
    parameters = count_parameters(network)

    def divergence(detail: str, epochs: int) -> tuple[Result, Mapping[str, bytes]]:
        return Result(
            status="diverged",
            correct=0,
            total=len(splits.test.labels),
            test_loss=None,
            parameters=parameters,
            epochs=epochs,
            detail=detail,
        ), {}

    if diverged:
        last = training.history[-1]
        detail = f"the loss was not finite in epoch {last.epoch}, at lr {last.lr:g}"
        return divergence(detail, training.epoch - 1)
    # The test split is opened here and nowhere else.
    seen = _evaluate(network, cell, splits.test, device)
    if not math.isfinite(seen.loss):
        return divergence("the trained network's test loss is not finite", training.epoch)
    predictions = io.BytesIO()
    np.savez(
        predictions,
        predicted=seen.predicted.numpy().astype(np.int32),
        probability=seen.probability.numpy(),
        label=splits.test.labels.cpu().numpy().astype(np.int32),
    )
    result = Result(
        status="ok",
        correct=seen.correct,
        total=seen.total,
        test_loss=seen.loss,
        parameters=parameters,
        epochs=training.epoch,
    )
    return result, {
        "model.safetensors": pack_weights(network.state_dict()),
        "predictions.npz": predictions.getvalue(),
    }
