"""The benchmark of training: our loop, its bare step, and the loop a user would write."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import torch

from poolbench.bench.network import MEAN, fresh_network, image_shape
from poolbench.bench.race import Contender, race, surroundings
from poolbench.bench.stopwatch import fair
from poolbench.bench.user_loop import DESCRIPTION, user_loader, user_loop
from poolbench.core.batch import Batch
from poolbench.core.cell import Precision, Recipe
from poolbench.core.counted import counted
from poolbench.core.named import Named
from poolbench.data.augment.api import build_augmentations
from poolbench.data.batches import Batches
from poolbench.data.splits import Split
from poolbench.report.benchmarks.rates import rate_table
from poolbench.report.table import Table
from poolbench.runtime.process import configured
from poolbench.training.captured import GraphRecorder, Recorder
from poolbench.training.loop import Training, TrainingBatches


def bench_training(
    model: str,
    *,
    batch_size: int,
    steps: int,
    rounds: int,
    threads: int,
    precision: Precision,
    device: torch.device,
) -> Table:
    """Compare the training loop with its bare step, and with the loop a user would write.

    All train the same network with the same recipe on random images, with crop and flip if the
    images have colour. On a GPU the loop is also measured with a captured step.

    Args:
        model: A network of the catalogue.
        batch_size: Images per step.
        steps: Steps per round.
        rounds: Rounds to measure.
        threads: CPU threads.
        precision: Precision of all but the user's loop.
        device: Device to measure on.
    """
    torch.set_num_threads(threads)
    count = batch_size * steps
    split = random_split(model, count)
    resident = split.to(device)

    def ours(batches: TrainingBatches, recorder: Recorder | None = None) -> Callable[[], None]:
        training = training_of(model, batches, batch_size, precision, device, recorder=recorder)
        epoch = epoch_of(training)

        def as_in_a_worker() -> None:
            with configured(str(device), threads):
                epoch()

        return as_in_a_worker

    rivals = {"poolbench loop": ours(augmented(resident, batch_size))}
    if device.type == "cuda":
        recorder = GraphRecorder(device)
        rivals["poolbench loop, captured step"] = ours(augmented(resident, batch_size), recorder)
    rivals["same model, one resident batch"] = ours(OneBatch.of(resident, batch_size))
    rivals["a user's loop"], _ = user_loop(model, user_loader(split, batch_size), device)
    times = race(
        [Contender(name=n, run=run, images=count) for n, run in rivals.items()],
        rounds,
        fair(threads, device),
    )
    return rate_table(
        f"training {model}, batch {batch_size}, {precision}, "
        f"{counted(threads, 'thread')}, {device}",
        times,
        reference="poolbench loop",
        notes=(
            f"{rounds} rounds of {steps} steps, new random order each round; median and range",
            "ratio: the row's images/s over the loop's, round by round",
            DESCRIPTION,
            surroundings(device),
        ),
    )


def random_split(model: str, count: int) -> Split:
    """Return random images of the size for a network of the catalogue, on the CPU."""
    channels, height, width = image_shape(model)
    generator = torch.Generator().manual_seed(0)
    return Split(
        images=torch.randint(
            256, (count, height, width, channels), dtype=torch.uint8, generator=generator
        ),
        labels=torch.randint(10, (count,), generator=generator),
    )


def augmented(split: Split, batch_size: int, seed: int = 0) -> Batches:
    """Return our training batches, cropped and flipped if the images have colour."""
    crop = Named(name="crop", options={"padding": 4, "mode": "zero"})
    flip = Named(name="flip", options={})
    augment = build_augmentations([crop, flip] if split.images.shape[-1] == 3 else [], mean=MEAN)
    return Batches(split, batch_size=batch_size, augment=augment, seed=seed)


class OneBatch:
    """The same float batch again and again, without a data path."""

    def __init__(self, batch: Batch, steps: int) -> None:
        self._batch, self.steps = batch, steps

    @classmethod
    def of(cls, split: Split, batch_size: int) -> OneBatch:
        """Return the first batch of a split, repeated as often as the split has batches."""
        batches = Batches(split, batch_size=batch_size, seed=0)
        return cls(next(batches.epoch(0)), batches.steps)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:  # noqa: ARG002
        """Yield the batch for each step."""
        return itertools.repeat(self._batch, self.steps - start)


def training_of(
    model: str,
    batches: TrainingBatches,
    batch_size: int,
    precision: Precision,
    device: torch.device,
    seed: int = 0,
    recorder: Recorder | None = None,
) -> Training:
    """Return a training of an untrained network, channels last, that never reaches its end."""
    recipe = Recipe(
        epochs=10**6,
        batch_size=batch_size,
        optimizer=Named(
            name="sgd",
            options={"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": False},
        ),
        schedule=Named(name="constant", options={}),
        precision=precision,
    )
    network = fresh_network(model, device, seed).to(memory_format=torch.channels_last)
    return Training(network, batches, recipe, seed=seed, device=device, recorder=recorder)


def epoch_of(training: Training) -> Callable[[], None]:
    """Return a function that trains for one more epoch at each call."""

    def run() -> None:
        steps = itertools.count(1)  # should_stop is called once after each step
        training.run(should_stop=lambda: next(steps) >= training.batches.steps)

    return run
