"""The benchmark of FGSM over many epsilons: foolbox, and its step with one gradient for all."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn

from poolbench.bench.network import MEAN, STD, fresh_network, image_shape
from poolbench.bench.race import Contender, race, surroundings
from poolbench.bench.stopwatch import wall_of
from poolbench.core.batch import Batch
from poolbench.core.counted import counted
from poolbench.core.measurement import unpack_bits
from poolbench.probes.adversarial.attacks import attackable
from poolbench.probes.adversarial.probe import fgsm
from poolbench.probes.api import ProbeInput
from poolbench.report.benchmarks.rates import rate_table
from poolbench.report.table import Table

_EPSILONS = tuple(levels / 255 for levels in range(15))


def bench_fgsm(
    model: str, *, images: int, rounds: int, threads: int, device: torch.device
) -> Table:
    """Compare the sweep over 15 epsilons with foolbox's own, on the same images in one batch.

    The network is untrained and the images are random, with the classes that the network itself
    predicts: so all are correct at epsilon 0, and some no longer at other epsilons.

    Args:
        model: A network of the catalogue.
        images: Number of images, in one batch.
        rounds: Rounds to measure.
        threads: CPU threads.
        device: Device to measure on.

    Raises:
        RuntimeError: The contenders do not agree on every image at every epsilon.
    """
    torch.set_num_threads(threads)
    channels, height, width = image_shape(model)
    network = fresh_network(model, device).to(memory_format=torch.channels_last).eval()
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand((images, height, width, channels), generator=generator)
    pixels = pixels.to(device).permute(0, 3, 1, 2)
    with torch.no_grad():
        batch = Batch(images=pixels, labels=network(pixels).argmax(1))
    rivals = {
        "foolbox as documented": _foolbox(deepcopy(network), batch),
        "foolbox, weights frozen": _foolbox(deepcopy(network).requires_grad_(False), batch),
        "one gradient for all epsilons": _sweep(network, batch),
    }
    first, *others = (run() for run in rivals.values())
    if not all(torch.equal(first, other) for other in others):
        raise RuntimeError("the contenders disagree on which images are still classified correctly")
    times = race(
        [Contender(name=n, run=run, images=images) for n, run in rivals.items()],
        rounds,
        wall_of(device),
    )
    return rate_table(
        f"FGSM over {len(_EPSILONS)} epsilons, {model}, {counted(threads, 'thread')}, {device}",
        times,
        reference="foolbox as documented",
        notes=(
            f"{rounds} rounds of {images} images, new random order each round; median and range",
            "ratio: the row's images/s over foolbox's as documented, round by round",
            f"all agree on each of {first.numel():,} images and epsilons, "
            f"{first.double().mean():.1%} of them still correct",
            surroundings(device),
        ),
    )


def _foolbox(network: nn.Module, batch: Batch) -> Callable[[], Tensor]:
    """Return the attack as in foolbox's documentation."""
    from foolbox.attacks.fast_gradient_method import LinfFastGradientAttack

    def run() -> Tensor:
        model = attackable(network, batch.images.device)
        attack = LinfFastGradientAttack()
        _, _, success = attack(model, batch.images, batch.labels, epsilons=_EPSILONS)
        return ~success.cpu()

    return run


def _sweep(network: nn.Module, batch: Batch) -> Callable[[], Tensor]:
    count, channels, height, width = batch.images.shape
    subject = ProbeInput(
        network=network,
        batches=lambda _: [batch],
        count=count,
        image_size=(height, width),
        mean=MEAN[:channels],
        std=STD[:channels],
        device=batch.images.device,
    )

    def run() -> Tensor:
        found = fgsm(subject, on_progress=lambda _: None, epsilons=_EPSILONS)
        return torch.tensor([unpack_bits(point.right, count) for point in found.points])

    return run
