"""The benchmark of efficiency: a training step's arithmetic beside the fastest convolution's."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from poolbench.app.bench.race import Contender, fair_clock, race, surroundings
from poolbench.app.bench.training import OneBatch, epoch_of, random_split, training_of
from poolbench.report.table import Cell, Column, Table, words

# (channels, side): 3x3 convolutions that keep both, from wide maps to deep ones.
_CONVOLUTIONS = ((64, 32), (128, 16), (256, 8), (512, 8))


def bench_efficiency(
    models: Sequence[str],
    *,
    batch_size: int,
    rounds: int,
    threads: int,
    precision: str,
    device: torch.device,
) -> Table:
    """Compare whole training steps with the fastest of a few bare convolutions.

    Args:
        models: Networks of the catalogue.
        batch_size: Images a step and a convolution.
        rounds: Turns of each.
        threads: CPU threads.
        precision: ``fp32`` or ``bf16``.
        device: Where.
    """
    torch.set_num_threads(threads)
    steps = {model: _step(model, batch_size, precision, device) for model in models}
    convolutions = {
        f"3x3 convolution {channels} at {side}x{side}, forward": _convolution(
            channels, side, batch_size, precision, device
        )
        for channels, side in _CONVOLUTIONS
    }
    works = {**steps, **convolutions}
    flops = {name: _flops(run) for name, run in works.items()}
    # A race divides by what it is told: here by operations, so that seconds are those of one.
    times = race(
        [Contender(name=n, run=run, images=flops[n]) for n, run in works.items()],
        rounds,
        fair_clock(threads, device),
    )
    peak = [min(seconds) for seconds in zip(*(times[n] for n in convolutions), strict=True)]
    return Table(
        title=f"arithmetic, batch {batch_size}, {precision}, {threads} threads, {device}",
        columns=(
            Column(title="work", fields=("work",), is_text=True),
            Column(title="GFLOP an image", fields=("flops",)),
            Column(title="GFLOP/s", fields=("flops_per_s", "flops_per_s_low", "flops_per_s_high")),
            Column(title="share of the peak", fields=("share", "share_low", "share_high")),
        ),
        rows=tuple(
            _row(name, flops[name] / batch_size, seconds, peak) for name, seconds in times.items()
        ),
        notes=(
            "a network's row: its whole training step on one resident batch; operations are those "
            "of convolutions and matrix products, forward and backward, as torch counts them",
            "share of the peak: the row's rate over the fastest convolution's, round by round",
            f"{rounds} rounds, order drawn anew each round; median and range",
            surroundings(device),
        ),
    )


def _step(model: str, batch_size: int, precision: str, device: torch.device) -> Callable[[], None]:
    batches = OneBatch.of(random_split(model, batch_size).to(device), batch_size)
    return epoch_of(training_of(model, batches, batch_size, precision, device), device)


def _convolution(
    channels: int, side: int, batch_size: int, precision: str, device: torch.device
) -> Callable[[], None]:
    generator = torch.Generator().manual_seed(0)
    images, weights = (
        torch.rand(shape, generator=generator)
        .to(device, torch.bfloat16 if precision == "bf16" else torch.float32)
        .contiguous(memory_format=torch.channels_last)
        for shape in ((batch_size, channels, side, side), (channels, channels, 3, 3))
    )

    @torch.no_grad()
    def run() -> None:
        F.conv2d(images, weights, padding=1)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return run


def _flops(run: Callable[[], None]) -> int:
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def _row(
    name: str, flops: float, seconds: Sequence[float], peak: Sequence[float]
) -> tuple[Cell, ...]:
    rates = sorted(1 / second for second in seconds)
    shares = sorted(p / s for p, s in zip(peak, seconds, strict=True))
    return (
        words(name),
        Cell(values=(flops,), text=f"{flops / 1e9:.3f}"),
        _spread(rates, 1e-9, ".0f"),
        _spread(shares, 1.0, ".2f"),
    )


def _spread(values: Sequence[float], unit: float, form: str) -> Cell:
    shown = (statistics.median(values), values[0], values[-1])
    middle, low, high = (f"{value * unit:{form}}" for value in shown)
    return Cell(values=shown, text=f"{middle} [{low}, {high}]")
