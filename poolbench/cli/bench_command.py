"""``poolbench bench``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from poolbench.cli import bench_statistics_command, bench_training_command, options
from poolbench.cli.bench_options import BriefRacing, Racing, RacingForVerdicts
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import emit, tell
from poolbench.cli.study import load_study

_commands = typer.Typer(
    help="Measure speed: ours and the peer's, interleaved in one process.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    bench_training_command.register(_commands)
    bench_statistics_command.register(_commands)
    app.add_typer(_commands, name="bench")


# These start processes for the work, each with its own environment.
_STARTERS = {"startup", "seeds"}


@_commands.callback()
def _bench(
    context: typer.Context,
    allocator: Annotated[
        Literal["worker", "system"],
        typer.Option(
            "--allocator", help="Memory settings to measure with: a worker's or the system's."
        ),
    ] = "worker",
) -> None:
    from poolbench.bench.turns import taking_turns
    from poolbench.core.user_cache import cache_folder

    if allocator == "worker" and context.invoked_subcommand not in _STARTERS:
        from poolbench.bench.allocator import restart_under_workers_allocator

        restart_under_workers_allocator()
    context.with_resource(taking_turns(cache_folder(), tell))


@_commands.command("device")
@taking_groups
def device_(
    *,
    copy_mib: Annotated[
        int, typer.Option("--copy-mib", min=1, help="Size of the copy, in MiB.")
    ] = 1024,
    matrix_side: Annotated[
        int, typer.Option("--matrix-side", min=1, help="Rows and columns of each matrix.")
    ] = 2048,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Images per convolution.")
    ] = 64,
    racing: Racing,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Measure the most a device can do: copies, matrix products, convolutions."""
    from poolbench.bench.device import bench_device

    table = bench_device(
        copy_mib=copy_mib,
        matrix_side=matrix_side,
        batch_size=batch_size,
        rounds=racing.rounds,
        threads=racing.threads,
        device=racing.open_device(),
    )
    emit([table], format, output)


@_commands.command("fgsm")
@taking_groups
def fgsm(
    *,
    model: Annotated[str, typer.Option("--model", help="The network.")] = "lenet-cifar",
    images: Annotated[
        int, typer.Option("--images", min=1, max=128, help="Test images, in one batch.")
    ] = 128,
    racing: Racing,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare FGSM at 15 epsilons with foolbox, which recomputes the gradient for each."""
    from poolbench.bench.fgsm import bench_fgsm

    table = bench_fgsm(
        model,
        images=images,
        rounds=racing.rounds,
        threads=racing.threads,
        device=racing.open_device(),
    )
    emit([table], format, output)


@_commands.command("networks")
@taking_groups
def networks(
    suite: options.SuiteArgument,
    *,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    only: options.Only = None,
    data_root: options.DataRoot = None,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="Images per batch.")] = 32,
    racing: RacingForVerdicts,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare the costs of a suite's networks: parameters, FLOPs, time, memory."""
    from poolbench.bench.networks import bench_networks

    selection = Selection(profile=profile, overrides=overrides, only=only, data_root=data_root)
    tables = bench_networks(
        load_study(suite, selection),
        batch_size=batch_size,
        rounds=racing.rounds,
        threads=racing.threads,
        device=racing.open_device(),
    )
    emit(tables, format, output)


@_commands.command("operators")
@taking_groups
def operators(
    *,
    operator: Annotated[
        list[str] | None,
        typer.Option(
            "--operator", help="lae, lse, softpool, mixed, gated or max; default: lae. Repeats."
        ),
    ] = None,
    shape: Annotated[
        str, typer.Option("--shape", metavar="NxCxHxW", help="Shape of the maps.")
    ] = "64x512x32x32",
    kernel_size: Annotated[
        int | None,
        typer.Option("--kernel-size", min=1, help="Side of the windows; default: whole maps."),
    ] = None,
    stride: Annotated[int, typer.Option("--stride", min=1, help="Stride of the windows.")] = 2,
    padding: Annotated[int, typer.Option("--padding", min=0, help="Padding of the windows.")] = 0,
    layout: Annotated[
        str, typer.Option("--layout", help="Memory format: contiguous or channels_last.")
    ] = "contiguous",
    dtype: Annotated[str, typer.Option("--dtype", help="float32 or bfloat16.")] = "float32",
    learn: Annotated[
        str, typer.Option("--learn", help="Learn one value per layer or per channel.")
    ] = "layer",
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Also measure the peer under torch.compile.")
    ] = False,
    racing: RacingForVerdicts,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare pooling operators with what people write instead: time, memory, bandwidth."""
    from poolbench.bench.operators import bench_operators
    from poolbench.bench.pooling_task import read_task

    tasks = [
        read_task(
            name,
            shape=shape,
            window=None if kernel_size is None else (kernel_size, stride, padding),
            layout=layout,
            dtype=dtype,
            learn=learn,
        )
        for name in operator or ["lae"]
    ]
    tables, failures = bench_operators(
        tasks,
        rounds=racing.rounds,
        threads=racing.threads,
        device=racing.open_device(),
        with_compiled=compiled,
    )
    if tables:
        emit(tables, format, output)
    if failures:
        raise RuntimeError("; ".join(failures))


@_commands.command("startup")
def startup(
    rounds: Annotated[int, typer.Option("--rounds", min=3, help="Processes started of each.")] = 7,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare the startup time of commands and workers with importing torch."""
    from poolbench.bench.startup import bench_startup

    emit([bench_startup(rounds)], format, output)


@_commands.command("growth")
def growth(
    runs: Annotated[
        int, typer.Option("--runs", min=100, help="Runs in the largest store, which is synthetic.")
    ] = 1000,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds to measure.")] = 3,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Show how time grows with runs, cells, epsilons and images."""
    from poolbench.bench.growth import bench_growth

    emit([bench_growth(runs=runs, rounds=rounds)], format, output)


@_commands.command("evaluation")
@taking_groups
def evaluation(
    *,
    model: Annotated[
        str, typer.Option("--model", help="The network; it must take images of three channels.")
    ] = "torchvision/resnet18",
    images: Annotated[int, typer.Option("--images", min=1, help="Test images.")] = 2000,
    size_px: Annotated[
        int, typer.Option("--size-px", min=1, help="Side of the images, in pixels.")
    ] = 64,
    racing: BriefRacing,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare an evaluation with the bare forward passes of the same network."""
    from poolbench.bench.evaluation import bench_evaluation

    table = bench_evaluation(
        model,
        images=images,
        side_px=size_px,
        rounds=racing.rounds,
        threads=racing.threads,
        device=racing.open_device(),
    )
    emit([table], format, output)


@_commands.command("resolution")
@taking_groups
def resolution(
    *,
    model: Annotated[
        str, typer.Option("--model", help="The network; it must take images of any size.")
    ] = "resnet32",
    images: Annotated[int, typer.Option("--images", min=1, help="Test images.")] = 128,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="Images per batch.")] = 64,
    racing: BriefRacing,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare sweeps over image sizes with one evaluation, and with the pixels they process."""
    from poolbench.bench.resolution import bench_resolution

    table = bench_resolution(
        model,
        images=images,
        batch_size=batch_size,
        rounds=racing.rounds,
        threads=racing.threads,
        device=racing.open_device(),
    )
    emit([table], format, output)
