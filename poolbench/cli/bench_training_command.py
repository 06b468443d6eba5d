"""``poolbench bench``: how fast training is, and where its time goes."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.bench_options import (
    OurPrecision,
    PreciseRacing,
    Rounds,
    Threads,
    open_device,
)
from poolbench.cli.groups import taking_groups
from poolbench.cli.output import emit
from poolbench.core.errors import BadInput

_Model = Annotated[str, typer.Option("--model", help="The network.")]
_BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Images per step.")]
_Steps = Annotated[int, typer.Option("--steps", min=1, help="Steps per round.")]


def register(commands: typer.Typer) -> None:
    """Add the commands to those of ``poolbench bench``."""
    for command in (training, data, seeds, efficiency, profile):
        commands.command(command.__name__)(command)


@taking_groups
def training(
    *,
    model: _Model = "lenet-cifar",
    batch_size: _BatchSize = 128,
    steps: _Steps = 8,
    racing: PreciseRacing,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare the training loop with its bare step, and with a loop as users write it."""
    from poolbench.bench.training import bench_training

    table = bench_training(
        model,
        batch_size=batch_size,
        steps=steps,
        rounds=racing.rounds,
        threads=racing.threads,
        precision=racing.precision,
        device=racing.open_device(),
    )
    emit([table], format, output)


def data(
    batch_size: _BatchSize = 128,
    images: Annotated[int, typer.Option("--images", min=1, help="Images per round.")] = 2048,
    pictures: Annotated[
        str | None,
        typer.Option(
            "--pictures",
            metavar="N,...",
            help="Instead, folders of so many JPEGs of 500 x 375 pixels, made for this: decoded "
            "once and cut, beside torchvision's ImageFolder and DataLoader.",
        ),
    ] = None,
    sizes_px: Annotated[
        str, typer.Option("--sizes-px", metavar="N,...", help="Sides of their images.")
    ] = "64,128,224",
    rounds: Rounds = 9,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare our batched augmentation with torchvision's transforms, image by image."""
    from poolbench.bench.data import bench_data
    from poolbench.bench.pictures import bench_pictures

    if pictures is None:
        table = bench_data(batch_size=batch_size, images=images, rounds=rounds)
    else:
        counts, sides = _numbers("--pictures", pictures), _numbers("--sizes-px", sizes_px)
        table = bench_pictures(counts, sides, at_most=images)
    emit([table], format, output)


def _numbers(option: str, text: str) -> list[int]:
    """Return the whole numbers of a list, each at least 1."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise BadInput(
            f"{option}: expected whole numbers >= 1, got '{text}'",
            "separate them by commas: 1000,10000",
        )
    return list(map(int, parts))


def seeds(
    model: _Model = "lenet-cifar",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Seeds per round.")] = 4,
    batch_size: _BatchSize = 128,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps per seed.")] = 4,
    rounds: Rounds = 9,
    cores: Annotated[
        int | None, typer.Option("--cores", min=1, help="CPU cores; default: all.")
    ] = None,
    precision: OurPrecision = "fp32",
    device: options.Device = "cpu",
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Workers that share a GPU; default: one per seed."),
    ] = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare parallel workers, as train starts them, with one process and with a user's loop."""
    from poolbench.bench.seeds import bench_seeds
    from poolbench.core.cores import count_cores

    where = open_device(device, precision)
    if jobs is not None and where.type == "cpu":
        raise BadInput("--jobs is for workers on a GPU", "add --device cuda, or use --cores")
    table = bench_seeds(
        model,
        seeds=seeds,
        batch_size=batch_size,
        steps=steps,
        rounds=rounds,
        cores=cores or count_cores(),
        precision=precision,
        device=where,
        jobs=jobs or seeds,
    )
    emit([table], format, output)


@taking_groups
def efficiency(
    *,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="A network; default: lenet-cifar, resnet-page. Repeats."),
    ] = None,
    batch_size: _BatchSize = 64,
    racing: PreciseRacing,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare the FLOP/s of whole training steps with those of the fastest bare convolution."""
    from poolbench.bench.efficiency import bench_efficiency

    table = bench_efficiency(
        model or ["lenet-cifar", "resnet-page"],
        batch_size=batch_size,
        rounds=racing.rounds,
        threads=racing.threads,
        precision=racing.precision,
        device=racing.open_device(),
    )
    emit([table], format, output)


def profile(
    model: _Model = "lenet-cifar",
    batch_size: _BatchSize = 128,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps in the epoch.")] = 16,
    threads: Threads = 1,
    precision: OurPrecision = "fp32",
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Show where the time of a training epoch goes: data, layers, gradients, optimiser, rest."""
    from poolbench.bench.profile import bench_profile

    open_device("cpu", precision)
    table = bench_profile(
        model, batch_size=batch_size, steps=steps, threads=threads, precision=precision
    )
    emit([table], format, output)
