"""The benchmark of pooling operators: ours, what people write instead, and a mean as yardstick."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from poolbench.app.bench.pooling_peers import Pool, peers_of
from poolbench.app.bench.race import Contender, race, surroundings
from poolbench.app.bench.timing import CONFIDENCE, pass_cells, pass_columns
from poolbench.core.errors import BadInput
from poolbench.operators.create import create
from poolbench.operators.kernels import kernel_for
from poolbench.operators.window import Window
from poolbench.report.table import Cell, Column, Table, words

OPERATORS = ("lae", "lse", "softpool", "mixed", "gated", "max")
FORWARD, STEP = "forward", "forward and backward"
_COPY = "copy_ of the maps"
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
# How far a peer may be off, beside the largest value: bfloat16 costs the textbook two digits.
_AGREEMENT = {torch.float32: 1e-4, torch.bfloat16: 0.2}


@dataclass(frozen=True, kw_only=True)
class PoolingTask:
    """What is pooled, and how.

    Args:
        operator: ``lae``, ``lse``, ``softpool``, ``mixed``, ``gated`` or ``max``.
        window: Geometry; ``None`` pools whole maps.
        shape: (N, C, H, W) of the maps.
        dtype: float32 or bfloat16.
        layout: contiguous or channels-last.
        per_channel: Whether its parameter is one for each channel.
    """

    operator: str
    window: Window | None
    shape: tuple[int, int, int, int]
    dtype: torch.dtype
    layout: torch.memory_format
    per_channel: bool = False


def read_task(
    operator: str,
    *,
    shape: str,
    window: tuple[int, int, int] | None,
    layout: str,
    dtype: str,
    learn: str,
) -> PoolingTask:
    """Return a task from the words of a command.

    Args:
        operator: One that has peers.
        shape: ``NxCxHxW``.
        window: Kernel size, stride and padding.
        layout: ``contiguous`` or ``channels_last``.
        dtype: ``float32`` or ``bfloat16``.
        learn: ``layer`` or ``channel``.

    Raises:
        BadInput: One of them is none of these.
    """
    for name, word, known in (
        ("operator", operator, OPERATORS),
        ("layout", layout, tuple(_LAYOUTS)),
        ("dtype", dtype, tuple(_DTYPES)),
        ("learn", learn, ("layer", "channel")),
    ):
        if word not in known:
            raise BadInput(f"{name} is '{word}'", f"choose one of {', '.join(known)}")
    sizes = shape.split("x")
    if len(sizes) != 4 or not all(size.isdigit() and int(size) for size in sizes):
        raise BadInput(f"shape is '{shape}'", "write four numbers above 0, such as 64x512x32x32")
    images, channels, height, width = map(int, sizes)
    try:
        geometry = None if window is None else Window.of(*window)
        if geometry is not None:
            geometry.output_size((height, width))
    except ValueError as error:
        raise BadInput(str(error), "choose a window that fits the maps") from error
    return PoolingTask(
        operator=operator,
        window=geometry,
        shape=(images, channels, height, width),
        dtype=_DTYPES[dtype],
        layout=_LAYOUTS[layout],
        per_channel=learn == "channel",
    )


def bench_operators(
    tasks: Sequence[PoolingTask],
    *,
    rounds: int,
    threads: int,
    device: torch.device,
    with_compiled: bool,
) -> list[Table]:
    """Compare each operator with its peers on the same maps, standard normal, at t = 1, a = 1/2.

    Args:
        tasks: One table for each.
        rounds: Turns of each contender, at least 7.
        threads: CPU threads.
        device: Where.
        with_compiled: Whether the first peer also races as torch.compile makes it.

    Raises:
        RuntimeError: A peer computes other values.
    """
    torch.set_num_threads(threads)
    return [_bench(task, rounds, threads, device, with_compiled) for task in tasks]


def _bench(
    task: PoolingTask, rounds: int, threads: int, device: torch.device, with_compiled: bool
) -> Table:
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(task.shape, generator=generator).to(device, task.dtype)
    maps = maps.contiguous(memory_format=task.layout).requires_grad_()
    pools, yardsticks = _contenders(task, device, with_compiled)
    _check_agreement(task, maps, {n: p for n, p in pools.items() if n not in yardsticks})
    copied = torch.empty_like(maps)
    images = len(maps)
    contenders = [
        Contender(name=_COPY, run=_settled(lambda: copied.copy_(maps.detach()), device), images=1)
    ] + [
        Contender(name=f"{pass_} {name}", run=_settled(run, device), images=1)
        for name, pool in pools.items()
        for pass_, run in _passes(pool, maps).items()
    ]
    kept = {name: _kept_bytes(pool, maps) for name, pool in pools.items()}
    times = race(contenders, rounds)
    size = maps.numel() * maps.element_size()
    kernel = kernel_for(maps.detach()).__name__.rpartition(".")[2]
    place = str(task.window) if task.window else "global"
    layout = "channels_last" if task.layout == torch.channels_last else "contiguous"
    return Table(
        title=f"{task.operator}, {place}, maps {'x'.join(map(str, task.shape))} "
        f"{str(task.dtype).removeprefix('torch.')} {layout}, {threads} threads, {device}",
        columns=(
            Column(title="contender", fields=("contender",), is_text=True),
            *pass_columns(FORWARD, "ours"),
            *pass_columns(STEP, "ours"),
            Column(title="kept, % of maps", fields=("kept_bytes", "kept_share")),
        ),
        rows=tuple(
            (
                words(name),
                *pass_cells(times, FORWARD, name, "ours"),
                *pass_cells(times, STEP, name, "ours"),
                Cell(values=(kept[name], kept[name] / size), text=f"{kept[name] / size:.1%}"),
            )
            for name in pools
        ),
        notes=(
            f"{rounds} rounds of all {images} images, order drawn anew each round: median "
            "[least, largest] ms",
            f"x ours: median of the time over ours of the same round, with the {CONFIDENCE:.0%} "
            "interval of the median; within noise where that holds 1",
            _bandwidths(times, size),
            "kept: for backward, beside the maps themselves; mean is a yardstick, not a peer; our "
            f"kernel here: {kernel}",
            surroundings(device),
        ),
        detail={"copy_s": times[_COPY], "kernel": kernel, "maps_bytes": size},
    )


def _contenders(
    task: PoolingTask, device: torch.device, with_compiled: bool
) -> tuple[dict[str, Pool], set[str]]:
    """Return ours first, and the names of those that compute something else."""
    options: dict[str, object] = {}
    if task.operator != "max":
        options["learn"] = "channel" if task.per_channel else "layer"
    if task.window is not None:
        options |= {
            "kernel_size": task.window.kernel_size,
            "stride": task.window.stride,
            "padding": task.window.padding,
        }
    ours = create(task.operator, channels=task.shape[1], grid=task.shape[2:], **options)  # type: ignore[arg-type]
    ours = ours.to(device)
    own = next(ours.parameters(), torch.zeros(1))
    parameter = nn.Parameter(own.detach().to(device, task.dtype))
    peers = peers_of(task.operator, parameter, task.window)
    pools: dict[str, Pool] = {"ours": ours} | {name: pool for name, (pool, _) in peers.items()}
    if with_compiled:
        name = next(iter(peers))
        pools[f"{name}, compiled"] = torch.compile(pools[name], dynamic=False)
    return pools, {name for name, (_, is_same) in peers.items() if not is_same}


def _check_agreement(task: PoolingTask, maps: Tensor, pools: Mapping[str, Pool]) -> None:
    with torch.no_grad():
        values = {
            name: pool(maps).reshape(*maps.shape[:2], -1).float() for name, pool in pools.items()
        }
    largest = values["ours"].abs().max()
    for name, other in values.items():
        distance = float((other - values["ours"]).abs().max() / largest)
        if not distance <= _AGREEMENT[task.dtype]:
            raise RuntimeError(f"'{name}' is {distance:.2g} away from our {task.operator}")


def _passes(pool: Pool, maps: Tensor) -> dict[str, Callable[[], object]]:
    def forward() -> None:
        with torch.no_grad():
            pool(maps)

    upstream: list[Tensor] = []

    def step() -> None:
        maps.grad = None
        pooled = pool(maps)
        if not upstream:
            upstream.append(torch.ones_like(pooled))
        torch.autograd.backward(pooled, upstream[0])

    return {FORWARD: forward, STEP: step}


def _settled(run: Callable[[], object], device: torch.device) -> Callable[[], object]:
    if device.type != "cuda":
        return run

    def and_wait() -> None:
        run()
        torch.cuda.synchronize(device)

    return and_wait


def _kept_bytes(pool: Pool, maps: Tensor) -> int:
    """Return what a forward pass keeps for the backward pass, the maps themselves aside."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    # The output keeps every noted tensor alive, so no storage is given out twice.
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        pooled = pool(maps)
    kept.pop(maps.untyped_storage().data_ptr(), None)
    del pooled
    return sum(kept.values())


def _bandwidths(times: Mapping[str, list[float]], size: int) -> str:
    """Return how near our passes come to copying: a forward reads, a backward reads and writes."""
    copy_s = statistics.median(times[_COPY])
    forward_s = statistics.median(times[f"{FORWARD} ours"])
    step_s = statistics.median(times[f"{STEP} ours"])
    return (
        f"copy_ moves {2 * size / copy_s / 1e9:,.0f} GB/s; of that, our forward reads at "
        f"{copy_s / 2 / forward_s:.0%}, forward and backward read, read and write at "
        f"{1.5 * copy_s / step_s:.0%}"
    )
