"""The benchmark of resolution sweeps: their cost beyond the pixels they have to process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch

from poolbench.bench.network import MEAN, STD, fresh_network, image_shape
from poolbench.bench.race import Contender, conditions, race
from poolbench.bench.stopwatch import fair
from poolbench.bench.training import random_split
from poolbench.core.benchmarks import Sweeps
from poolbench.core.errors import BadInput
from poolbench.data.batches import evaluation_batches
from poolbench.probes.api import NotApplicable, ProbeInput, ProbeResult
from poolbench.probes.resolution import pad_noise, pad_zero, zoom
from poolbench.report.benchmarks.resolution import resolution_table
from poolbench.report.table import Table

_EVALUATION = "one evaluation"
_SWEEPS: Mapping[str, Callable[..., ProbeResult]] = {
    "zoom": zoom,
    "pad-zero": pad_zero,
    "pad-noise": pad_noise,
}


def bench_resolution(
    model: str,
    *,
    images: int,
    batch_size: int,
    rounds: int,
    threads: int,
    device: torch.device,
) -> Table:
    """Compare sweeps over the default sizes with one evaluation at the training size.

    A sweep over sizes s processes sum(s^2) / s0^2 times the pixels of an evaluation at s0, and a
    convolution's work is proportional to its pixels: additional time of a sweep is overhead.

    Args:
        model: A network of the catalogue that takes images of any size.
        images: Number of test images.
        batch_size: Images per batch at the training size.
        rounds: Rounds to measure.
        threads: CPU threads.
        device: Device to measure on.

    Raises:
        BadInput: The network takes only images of one size.
    """
    torch.set_num_threads(threads)
    channels, side, _ = image_shape(model)
    split = random_split(model, images).to(device)
    subject = ProbeInput(
        network=fresh_network(model, device).to(memory_format=torch.channels_last),
        batches=lambda size: evaluation_batches(split, size),
        count=images,
        image_size=(side, side),
        mean=MEAN[:channels],
        std=STD[:channels],
        device=device,
        batch_size=batch_size,
    )
    sweep = partial(_sweep, subject)
    try:
        sizes = [int(point.at) for point in sweep(zoom, None).points]
    except NotApplicable as reason:
        raise BadInput(f"no sweep of {model}: {reason}", "try: --model resnet32") from reason
    rivals = {
        _EVALUATION: partial(sweep, zoom, (side,)),
        **{name: partial(sweep, probe, sizes) for name, probe in _SWEEPS.items()},
    }
    times = race(
        [Contender(name=n, run=run, images=1) for n, run in rivals.items()],
        rounds,
        fair(threads, device),
    )
    return resolution_table(
        Sweeps(
            model=model,
            images=images,
            side_px=side,
            sizes=tuple(sizes),
            evaluation_s=times[_EVALUATION],
            sweeps_s={name: times[name] for name in _SWEEPS},
        ),
        conditions(rounds, threads, device),
    )


def _sweep(
    subject: ProbeInput, probe: Callable[..., ProbeResult], sizes: Sequence[int] | None
) -> ProbeResult:
    return probe(subject, on_progress=lambda _: None, sizes=sizes)
