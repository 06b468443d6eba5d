"""The benchmark of training: our loop, its bare step, and the loop a user would write."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.app.bench.network import MEAN, fresh_network, image_shape
from poolbench.app.bench.race import Contender, race, rate_table
from poolbench.app.provenance import describe
from poolbench.core.cell import Named, Recipe
from poolbench.data.augment.api import build_augmentations
from poolbench.data.batches import Batch, Batches
from poolbench.data.splits import Split
from poolbench.report.table import Table
from poolbench.training.loop import Training


def bench_training(
    model: str, *, batch_size: int, steps: int, rounds: int, threads: int, device: torch.device
) -> Table:
    """Compare the training loop with its own bare step, and with the loop a user would write.

    All three train the same network with the same recipe on random images, with crop and flip
    where the images have colour.

    Args:
        model: A network of the catalogue.
        batch_size: Images a step.
        steps: Steps a turn.
        rounds: Turns of each.
        threads: CPU threads.
        device: Where.
    """
    torch.set_num_threads(threads)
    channels, side, _ = image_shape(model)
    generator = torch.Generator().manual_seed(0)
    count = batch_size * steps
    split = Split(
        images=torch.randint(
            256, (count, side, side, channels), dtype=torch.uint8, generator=generator
        ),
        labels=torch.randint(10, (count,), generator=generator),
    )
    rivals = {
        "poolbench loop": _loop(model, split.to(device), batch_size, device),
        "same model, one resident batch": _bare_step(model, split, batch_size, steps, device),
        "a user's loop": _user_loop(model, split, batch_size, device),
    }
    contenders = [Contender(name=n, run=run, images=count) for n, run in rivals.items()]
    times = race(contenders, rounds)
    facts = describe(device)
    return rate_table(
        f"training {model}, batch {batch_size}, {threads} threads, {device}",
        times,
        reference="poolbench loop",
        notes=(
            f"{rounds} rounds of {steps} steps, order drawn anew each round; median and range",
            "ratio: the row's images/s of the loop's, round by round",
            "a user's loop: torchvision transforms on PIL images, DataLoader in this process, "
            "NCHW, torch.optim.SGD, loss.item() each step",
            f"{facts['cpu']}, torch {facts['torch']}, gpu {facts['gpu']}",
        ),
    )


def _recipe(batch_size: int) -> Recipe:
    return Recipe(
        epochs=10**6,
        batch_size=batch_size,
        optimizer=Named(
            name="sgd",
            options={"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": False},
        ),
        schedule=Named(name="constant", options={}),
    )


def _training(
    model: str, batches: Batches | _OneBatch, batch_size: int, device: torch.device
) -> Training:
    network = fresh_network(model, device).to(memory_format=torch.channels_last)
    return Training(network, batches, _recipe(batch_size), seed=0, device=device)


def _epochs(training: Training, steps: int, device: torch.device) -> Callable[[], None]:
    """Return a function that runs one epoch of ``steps`` steps."""

    def run() -> None:
        asked = itertools.count(1)  # once after each step
        training.run(should_stop=lambda: next(asked) >= steps)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return run


def _loop(model: str, split: Split, batch_size: int, device: torch.device) -> Callable[[], None]:
    names = ("crop", "flip") if split.images.shape[-1] == 3 else ()
    options = {"crop": {"padding": 4, "mode": "zero"}, "flip": {}}
    augment = build_augmentations(
        [Named(name=name, options=options[name]) for name in names], mean=MEAN
    )
    batches = Batches(split, batch_size=batch_size, augment=augment, seed=0)
    return _epochs(_training(model, batches, batch_size, device), batches.steps, device)


class _OneBatch:
    """The same float batch, again and again: no data path at all."""

    def __init__(self, batch: Batch, steps: int) -> None:
        self._batch, self.steps = batch, steps

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:  # noqa: ARG002
        return itertools.repeat(self._batch, self.steps - start)


def _bare_step(
    model: str, split: Split, batch_size: int, steps: int, device: torch.device
) -> Callable[[], None]:
    first = Batches(split.to(device), batch_size=batch_size, seed=0)
    batches = _OneBatch(next(first.epoch(0)), steps)
    return _epochs(_training(model, batches, batch_size, device), steps, device)


def _user_loop(
    model: str, split: Split, batch_size: int, device: torch.device
) -> Callable[[], None]:
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    channels = split.images.shape[-1]
    augment = [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()]
    transform = transforms.Compose([*(augment if channels == 3 else []), transforms.ToTensor()])
    pictures = split.images.numpy()
    labels = split.labels.tolist()

    class Pictures(Dataset[tuple[Tensor, int]]):
        def __len__(self) -> int:
            return len(labels)

        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            return transform(Image.fromarray(pictures[index].squeeze())), labels[index]

    loader = DataLoader(Pictures(), batch_size=batch_size, shuffle=True)
    network = fresh_network(model, device)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)

    def run() -> None:
        network.train()
        total = 0.0
        for images, targets in loader:
            loss = F.cross_entropy(network(images.to(device)), targets.to(device))
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            total += loss.item()

    return run
