"""The benchmark of evaluation: a checkpoint's network here against its bare forward passes."""

from __future__ import annotations

import torch

from poolbench.assembly.network import build_network, model_spec
from poolbench.bench.network import MEAN, STD
from poolbench.bench.race import Contender, conditions, race
from poolbench.bench.stopwatch import fair
from poolbench.core.benchmarks import Evaluations
from poolbench.data.batches import evaluation_batches
from poolbench.data.splits import Split
from poolbench.report.benchmarks.evaluation import evaluation_table
from poolbench.report.table import Table
from poolbench.runtime.cell import EVALUATION_BATCH
from poolbench.training.evaluate import evaluate

_CHANNELS = 3
_CLASSES = 10


def bench_evaluation(
    model: str, *, images: int, side_px: int, rounds: int, threads: int, device: torch.device
) -> Table:
    """Compare an evaluation with the forward passes of the same network on ready batches.

    The bare passes get normalised float images and drop the logits; an evaluation decodes bytes,
    normalises, and notes class, probability and loss of every image.

    Args:
        model: A network that takes such images, such as ``torchvision/resnet18``.
        images: Number of test images.
        side_px: Side of the images, in pixels.
        rounds: Rounds to measure.
        threads: CPU threads.
        device: Device to measure on.

    Raises:
        BadInput: There is no such network, or it does not take such images.
    """
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    split = Split(
        images=torch.randint(
            256, (images, side_px, side_px, _CHANNELS), dtype=torch.uint8, generator=generator
        ),
        labels=torch.randint(_CLASSES, (images,), generator=generator),
    ).to(device)
    network = build_network(
        model_spec(model, {}, {}),
        in_channels=_CHANNELS,
        num_classes=_CLASSES,
        image_size=(side_px, side_px),
        mean=MEAN,
        std=STD,
        seed=0,
    )
    network = network.to(device).to(memory_format=torch.channels_last).eval()
    ready = [
        (batch.images - network.mean) / network.std
        for batch in evaluation_batches(split, EVALUATION_BATCH)
    ]

    @torch.no_grad()
    def forward() -> None:
        for batch in ready:
            network.body(batch)

    def evaluation() -> None:
        evaluate(network, evaluation_batches(split, EVALUATION_BATCH), device=device)

    times = race(
        [
            Contender(name="forward", run=forward, images=images),
            Contender(name="evaluation", run=evaluation, images=images),
        ],
        rounds,
        fair(threads, device),
    )
    return evaluation_table(
        Evaluations(
            model=model,
            images=images,
            side_px=side_px,
            batch_size=EVALUATION_BATCH,
            forward_s=times["forward"],
            evaluation_s=times["evaluation"],
        ),
        conditions(rounds, threads, device),
    )
