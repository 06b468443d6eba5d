"""The benchmark of the data path: resident uint8 images against per-image transforms."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

from poolbench.bench.race import Contender, race, surroundings
from poolbench.bench.stopwatch import processor
from poolbench.bench.training import augmented, random_split
from poolbench.bench.user_loop import user_loader
from poolbench.report.benchmarks.rates import rate_table
from poolbench.report.table import Table

_MODEL, _CPU = "lenet-cifar", torch.device("cpu")


def bench_data(*, batch_size: int, images: int, rounds: int) -> Table:
    """Compare ways to bring training images to the network: crop, flip, float pixels in [0, 1].

    Args:
        batch_size: Images per batch.
        images: Images of 3x32x32 per round.
        rounds: Rounds to measure.
    """
    torch.set_num_threads(1)
    split = random_split(_MODEL, images)
    ours = augmented(split, batch_size)
    loader = user_loader(split, batch_size)
    rivals: dict[str, Callable[[], Iterable[object]]] = {
        "DataLoader, torchvision transforms": lambda: loader,
        "poolbench batches": lambda: ours.epoch(0),
    }

    def drained(batches: Callable[[], Iterable[object]]) -> Callable[[], int]:
        return lambda: sum(1 for _ in batches())

    contenders = [
        Contender(name=name, run=drained(batches), images=images)
        for name, batches in rivals.items()
    ]
    reference, *_ = rivals
    return rate_table(
        f"data path, batch {batch_size}, 3x32x32, crop and flip",
        race(contenders, rounds, processor),
        reference=reference,
        notes=(
            f"{rounds} rounds of {images:,} images, new random order each round; median and range",
            "seconds are this process's CPU time, 1 thread: other processes do not count",
            "ratio: the row's images/s over torchvision's, round by round",
            surroundings(_CPU),
        ),
    )
