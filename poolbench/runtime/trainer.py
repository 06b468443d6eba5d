"""Training cells: each from its description to a committed run."""

from __future__ import annotations

import gc
import io
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import nn

from poolbench.assembly.single_elements import pooled_maps
from poolbench.core.cell import Cell
from poolbench.core.record import Result
from poolbench.data.splits import Splits
from poolbench.models.network import Network, count_parameters
from poolbench.models.whitening import WHITENING_IMAGES
from poolbench.runtime.cell import batches_of, evaluate_cell, network_for, training_for
from poolbench.runtime.data_cache import DataCache
from poolbench.runtime.preparing import Preparing, Stopped
from poolbench.runtime.provenance import describe, now
from poolbench.runtime.start import take_weights
from poolbench.store.arrival import Arrival
from poolbench.store.commit import PREDICTIONS, WEIGHTS
from poolbench.store.writer import CellWriter
from poolbench.training.captured import Recorder
from poolbench.training.checkpoint import UnreadableCheckpoint, pack_weights
from poolbench.training.loop import Progress, Training

CellOutcome = Literal["ok", "diverged", "stopped"]

# Long epochs are also saved in the middle, so that a killed worker loses minutes at most.
_SAVE_EVERY_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """The callbacks of training a cell.

    Args:
        should_stop: Whether to save and stop at this step.
        on_progress: Called with the progress, at most twice a second.
        on_preparing: Called with how far the preparation of pictures is, in words.
        on_notice: Called with messages for people: damage found, state resumed.
    """

    should_stop: Callable[[], bool]
    on_progress: Callable[[Progress], None]
    on_preparing: Callable[[str], None]
    on_notice: Callable[[str], None]

    def preparing(self) -> Preparing:
        """Return what watches the preparation of pictures."""
        return Preparing(
            should_stop=self.should_stop, on_progress=self.on_preparing, on_notice=self.on_notice
        )


class Trainer:
    """Trains one cell after another.

    If steps are recorded, a cell that differs from the previous one only in its seed is trained
    in the same memory, so that the recording can be reused.

    Args:
        data_cache: Provides the cells' data.
        device: Device to train on.
        recorder: Records the step of a full batch; ``None`` for eager steps.
    """

    def __init__(
        self, data_cache: DataCache, device: torch.device, recorder: Recorder | None = None
    ) -> None:
        self._data_cache, self._device, self._recorder = data_cache, device, recorder
        self._before: tuple[str, Training] | None = None
        self._converted_by = ""

    def train(self, writer: CellWriter, reporting: Reporting) -> tuple[CellOutcome, Result | None]:
        """Train a cell, from its checkpoint if it has one, to a committed run.

        Args:
            writer: The right to write the cell.
            reporting: The callbacks.

        Returns:
            The outcome, and the committed result unless it was stopped.

        Raises:
            EnvironmentFault: Data or disk cannot be used.
        """
        cell = writer.cell
        try:
            splits = self._data_cache.splits(cell.data, reporting.preparing())
        except Stopped:
            return "stopped", None
        if cell.origin == "evaluated":
            network = self._network(cell, splits)
            outcome_of = evaluated(cell, splits, network, self._device)
            return self._commit(
                writer, reporting, outcome_of, step="none", residency=splits.residency
            )
        training = self._start(cell, splits)
        if not _take_up(writer, training, reporting.on_notice):
            training = self._start(cell, splits)
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
        concluded = _conclude(cell, splits, training, outcome == "diverged", self._device)
        step = "eager" if self._recorder is None else "captured"
        done = self._commit(
            writer,
            reporting,
            concluded,
            step=step,
            residency=splits.residency,
            training=training,
        )
        if self._recorder is not None:
            self._before = cell.condition, training
        return done

    def _commit(
        self,
        writer: CellWriter,
        reporting: Reporting,
        concluded: tuple[Result, Mapping[str, bytes]],
        *,
        step: str,
        residency: str,
        training: Training | None = None,
    ) -> tuple[CellOutcome, Result | None]:
        result, artefacts = concluded
        arrival = writer.commit(
            result,
            history=training.history if training else [],
            timings=training.timings if training else [],
            environment={
                **describe(self._device),
                **({"pictures": residency} if residency else {}),
                "training_step": step,
                "attempts": sum(1 for _ in writer.attempts()),
                "finished": now(),
                **({"weights_converted_by": self._converted_by} if self._converted_by else {}),
            },
            artefacts=artefacts,
        )
        if arrival.moved is not None:
            reporting.on_notice(f"a damaged run in its place was moved to {arrival.moved}")
        if not arrival.is_first:
            reporting.on_notice(f"another process finished it first, {_about_copy(arrival)}")
        committed = arrival.commit.result
        return committed.status, committed

    def _network(self, cell: Cell, splits: Splits) -> Network:
        network = network_for(cell, splits, self._device)
        if network.has_whitening:
            first = torch.arange(min(WHITENING_IMAGES, len(splits.train)))
            network.fit_whitening(splits.train.take(first))
        self._converted_by = take_weights(network, cell, splits, self._data_cache.root)
        return network

    def _start(self, cell: Cell, splits: Splits) -> Training:
        """Return a cell's training, in the memory of the previous one if its step is recorded."""
        before, self._before = self._before, None
        if before is not None and before[0] != cell.condition:
            before = None
            gc.collect()  # two networks may not fit in memory
        network = self._network(cell, splits)
        if before is None:
            return training_for(cell, splits, network, self._device, self._recorder)
        _, training = before
        training.restart(network.state_dict(), batches_of(cell, splits), seed=cell.seed)
        return training


def _about_copy(arrival: Arrival) -> str:
    if not arrival.differences:
        return "with the same result: training repeats itself"
    return f"and its run counts; this one differs: {arrival.difference}"


class _Saver:
    """Saves checkpoints after each epoch, and from time to time within long ones."""

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
    """Load the newest undamaged checkpoint; false if the training must be rebuilt."""
    data, damaged = writer.load_checkpoint()
    for path in damaged:
        on_notice(f"a damaged checkpoint was moved to {path}; its epochs are trained again")
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
    training: Training,
    diverged: bool,
    device: torch.device,
) -> tuple[Result, Mapping[str, bytes]]:
    if diverged:
        last = training.history[-1]
        detail = f"the loss was not finite in epoch {last.epoch}, at lr {last.lr:g}"
        return _divergence(splits, training.network, detail, training.epoch - 1), {}
    return evaluated(cell, splits, training.network, device, epochs=training.epoch)


def evaluated(
    cell: Cell, splits: Splits, network: nn.Module, device: torch.device, *, epochs: int = 0
) -> tuple[Result, Mapping[str, bytes]]:
    """Return what a network makes of the test split, with its weights and predictions.

    This is the only use of the test split.
    """
    seen = evaluate_cell(network, cell, splits.test, device)
    if not math.isfinite(seen.loss):
        detail = f"the {'trained ' if epochs else ''}network's test loss is not finite"
        return _divergence(splits, network, detail, epochs), {}
    predictions = io.BytesIO()
    np.savez(
        predictions,
        predicted=seen.predicted.numpy().astype(np.int32),
        probability=seen.probability.numpy(),
        confidence=seen.confidence.numpy(),
        nll=seen.nll.numpy(),
        brier=seen.brier.numpy(),
        label=splits.test.labels.cpu().numpy().astype(np.int32),
    )
    result = Result(
        status="ok",
        correct=seen.correct,
        total=seen.total,
        test_loss=seen.loss,
        parameters=count_parameters(network),
        epochs=epochs,
        classes=splits.num_classes,
        pooled=pooled_maps(cell, splits.num_classes),
    )
    return result, {
        WEIGHTS: pack_weights(network.state_dict()),
        PREDICTIONS: predictions.getvalue(),
    }


def _divergence(splits: Splits, network: nn.Module, detail: str, epochs: int) -> Result:
    return Result(
        status="diverged",
        correct=0,
        total=len(splits.test.labels),
        test_loss=None,
        parameters=count_parameters(network),
        epochs=epochs,
        detail=detail,
        classes=splits.num_classes,
    )
