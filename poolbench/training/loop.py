"""The training loop. It reports to callbacks, prints nothing and opens no file."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from poolbench.core.batch import Batch
from poolbench.core.cell import Recipe
from poolbench.core.parts import ALL_BACKBONE, Parts
from poolbench.core.record import Epoch, Timing
from poolbench.core.streams import derive
from poolbench.training import SCHEDULES, checkpoint
from poolbench.training.captured import CapturedStep, Recorder
from poolbench.training.optimizers import (
    build_optimizer,
    forget_steps,
    load_state,
    set_rates,
    state_of,
)
from poolbench.training.step import Step

Outcome = Literal["done", "diverged", "stopped"]

# A NaN stays in the running sum, so checking every so many steps misses none and avoids
# synchronising with the device in between.
_STEPS_BETWEEN_CHECKS = 50


class TrainingBatches(Protocol):
    """Training data as a function of (epoch, step), so training can resume at any step."""

    @property
    def steps(self) -> int:
        """Number of batches in an epoch."""
        ...

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch (from 0), from step ``start`` on."""
        ...


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The state of training for displays; ``loss`` and ``accuracy`` are the last epoch's."""

    epoch: int
    epochs: int
    fraction: float
    loss: float | None
    accuracy: float | None
    images_per_s: float | None


class Training:
    """The training of one network, which can be saved and resumed at any step.

    An interrupted and resumed training is bit-identical to an uninterrupted one.

    Args:
        network: The network, trained in place.
        batches: The training data.
        recipe: How it is trained.
        seed: The cell's seed; the noise of stochastic layers is derived from it.
        device: Device of network and batches.
        parts: Its parts; those that are frozen take no gradient from here on.
        observe: Returns the current values of pooling parameters, by name, for the history.
        validate: Returns the validation accuracy in [0, 1]; ``None`` without a validation split.
        recorder: Records the step of a full batch to replay it; ``None`` for eager steps. The
            optimiser has to be one of ``training.CAPTURABLE``.
    """

    def __init__(
        self,
        network: nn.Module,
        batches: TrainingBatches,
        recipe: Recipe,
        *,
        seed: int,
        device: torch.device,
        parts: Parts = ALL_BACKBONE,
        observe: Callable[[], Mapping[str, float]] = dict,
        validate: Callable[[], float] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.network, self.batches, self.recipe = network, batches, recipe
        for name, parameter in network.named_parameters():
            if name in parts.frozen:
                parameter.requires_grad_(False)
        self._still = [network.get_submodule(path) for path in parts.still]
        self.optimizer = build_optimizer(network, recipe, parts)
        self.history: list[Epoch] = []
        self.timings: list[Timing] = []
        self._seed, self._device = seed, device
        self._observe, self._validate = observe, validate
        self._factor = partial(SCHEDULES.resolve(recipe.schedule.name), **recipe.schedule.options)
        self._step = 0
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=device)
        self._images = 0
        self._duration_s = 0.0
        self._recorder = recorder
        self._learn = self._make_step()

    @property
    def epoch(self) -> int:
        """Number of epochs completed."""
        return len(self.history)

    @property
    def step(self) -> int:
        """Number of steps done in the current epoch."""
        return self._step

    def run(
        self,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        on_epoch: Callable[[], None] = lambda: None,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> Outcome:
        """Train to the last epoch.

        Args:
            should_stop: Called after each step; true ends the run at that step, ready to be saved.
            on_epoch: Called after each epoch, when the state should be saved.
            on_progress: Called after each step, with host-side numbers only.

        Returns:
            ``done``; ``diverged`` if the loss stopped being finite; ``stopped`` if asked to stop.
        """
        while self.epoch < self.recipe.epochs:
            outcome = self._run_epoch(should_stop, on_progress)
            if outcome != "done":
                return outcome
            on_epoch()
            if self.epoch < self.recipe.epochs and should_stop():
                return "stopped"
        return "done"

    def restart(
        self, initial: Mapping[str, Tensor], batches: TrainingBatches, *, seed: int
    ) -> None:
        """Start the training of another seed in the same memory, so a recorded step stays valid.

        Args:
            initial: ``state_dict`` of that seed's network before its first step; it has to contain
                everything a network keeps between steps.
            batches: That seed's training data, with the same shapes.
            seed: The other seed.
        """
        self.network.load_state_dict(initial)
        forget_steps(self.optimizer)
        self.batches, self._seed = batches, seed
        self.history, self.timings = [], []
        self._begin_epoch()

    def _make_step(self) -> Step | CapturedStep:
        step = Step(self.network, self.optimizer, self.recipe, loss_sum=self._loss_sum)
        if self._recorder is None:
            return step
        return CapturedStep(step, batch_size=self.recipe.batch_size, recorder=self._recorder)

    def _run_epoch(
        self, should_stop: Callable[[], bool], on_progress: Callable[[Progress], None]
    ) -> Outcome:
        if self._step == 0:
            torch.manual_seed(derive(self._seed, "noise", self.epoch))
        self._enter_training()
        lr = math.nan
        began = time.perf_counter() - self._duration_s
        for batch in self.batches.epoch(self.epoch, self._step):
            lr = self._set_learning_rate()
            self._learn(batch.images, batch.labels)
            self._images += len(batch.labels)
            self._step += 1
            self._duration_s = time.perf_counter() - began
            if self._step % _STEPS_BETWEEN_CHECKS == 0 and not self._is_finite():
                return self._diverge(lr)
            on_progress(self._progress())
            if self._step < self.batches.steps and should_stop():
                return "stopped"
        if not self._is_finite():
            return self._diverge(lr)
        self._duration_s = time.perf_counter() - began
        self._close_epoch(lr, self._loss_sum.item() / self._images)
        return "done"

    def _enter_training(self) -> None:
        # In each epoch: a validation leaves every module in training mode.
        self.network.train()
        for module in self._still:
            module.training = False  # not what it contains, such as a dropout

    def _set_learning_rate(self) -> float:
        """Set every part's rate; return the recipe's own, which is that of a factor of 1."""
        # At the middle of the step: neither the first nor the last step of a ramp is wasted at 0.
        position = self.epoch + (self._step + 0.5) / self.batches.steps
        factor = self._factor(position, self.recipe.epochs)
        set_rates(self.optimizer, factor)
        return float(self.recipe.optimizer.options["lr"] * factor)

    def _is_finite(self) -> bool:
        return math.isfinite(self._loss_sum.item())

    def _diverge(self, lr: float) -> Outcome:
        self._close_epoch(lr, None)
        return "diverged"

    def _close_epoch(self, lr: float, loss: float | None) -> None:
        accuracy = self._validate() if self._validate is not None and loss is not None else None
        pooling = {name: value for name, value in self._observe().items() if math.isfinite(value)}
        number = self.epoch + 1
        self.timings.append(Timing(epoch=number, duration_s=self._duration_s, images=self._images))
        self.history.append(
            Epoch(epoch=number, loss=loss, lr=lr, validation_accuracy=accuracy, pooling=pooling)
        )
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self._step, self._images, self._duration_s = 0, 0, 0.0
        self._loss_sum.zero_()

    def _progress(self) -> Progress:
        last = self.history[-1] if self.history else None
        epochs = self.recipe.epochs
        return Progress(
            epoch=self.epoch,
            epochs=epochs,
            fraction=(self.epoch + self._step / self.batches.steps) / epochs,
            loss=last.loss if last else None,
            accuracy=last.validation_accuracy if last else None,
            images_per_s=self._images / self._duration_s if self._duration_s else None,
        )

    def save(self) -> bytes:
        """Return everything needed to continue, packed by ``training.checkpoint``."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": state_of(self.optimizer),
            "step": self._step,
            "images": self._images,
            "duration_s": self._duration_s,
            "loss_sum": self._loss_sum,
            "history": [asdict(epoch) for epoch in self.history],
            "timings": [asdict(timing) for timing in self.timings],
            "noise": torch.get_rng_state(),
        }
        if self._device.type == "cuda":
            state["cuda_noise"] = torch.cuda.get_rng_state(self._device)
        return checkpoint.pack(state)

    def load(self, data: bytes) -> None:
        """Continue from what :meth:`save` returned.

        Raises:
            checkpoint.UnreadableCheckpoint: The bytes do not fit this network and recipe.
        """
        state = checkpoint.unpack(data)
        try:
            self.network.load_state_dict(state["network"])
            load_state(self.optimizer, state["optimizer"])
            self._learn = self._make_step()  # the momenta have moved in memory
            self._step, self._images = int(state["step"]), int(state["images"])
            self._duration_s = float(state["duration_s"])
            self._loss_sum.copy_(state["loss_sum"])
            self.history = [Epoch(**epoch) for epoch in state["history"]]
            self.timings = [Timing(**timing) for timing in state["timings"]]
            torch.set_rng_state(state["noise"])
            if self._device.type == "cuda":
                torch.cuda.set_rng_state(state["cuda_noise"], self._device)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise checkpoint.UnreadableCheckpoint(f"does not fit the cell: {error}") from error
