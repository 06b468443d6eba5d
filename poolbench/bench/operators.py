"""The benchmark of pooling operators: ours, their peers, and a mean as a yardstick."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from poolbench.bench.passes import FORWARD, STEP, passes_of
from poolbench.bench.pooling_peers import Pool, peers_of
from poolbench.bench.pooling_task import PoolingTask
from poolbench.bench.race import Contender, conditions, race
from poolbench.bench.stopwatch import kernels
from poolbench.core.costs import PoolingCost, PoolingRace
from poolbench.operators.create import create
from poolbench.operators.kernels import kernel_for, peaks_for
from poolbench.report.benchmarks.operators import pooling_table
from poolbench.report.table import Table

_OURS, _COPY = "ours", "copy_ of the maps"
# Largest error of a peer, relative to the largest value: bfloat16 costs the textbook two digits.
_AGREEMENT = {torch.float32: 1e-4, torch.bfloat16: 0.2}


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A task, ready to be raced.

    Args:
        task: The pooling task.
        contenders: Each pass of each pool, and a copy of the maps.
        kept_bytes: Bytes that each pool keeps for its backward pass.
        yardsticks: Pools that compute something else.
        kernel: Name of our kernel for it.
    """

    task: PoolingTask
    contenders: Sequence[Contender]
    kept_bytes: Mapping[str, int]
    yardsticks: frozenset[str]
    kernel: str


def bench_operators(
    tasks: Sequence[PoolingTask],
    *,
    rounds: int,
    threads: int,
    device: torch.device,
    with_compiled: bool,
) -> tuple[list[Table], list[str]]:
    """Compare each operator with its peers on the same maps, standard normal, at t = 1, a = 1/2.

    Args:
        tasks: Tasks, one table each; a failure of one does not stop the others.
        rounds: Rounds to measure, at least 7.
        threads: CPU threads.
        device: Device to measure on.
        with_compiled: Whether to measure the first peer under torch.compile as well.

    Returns:
        The tables, and the failures of tasks without a table: a peer that computes other values, or
        too little memory.
    """
    torch.set_num_threads(threads)
    entries, tables, failures = [], [], []
    for task in tasks:
        try:
            entries.append(_enter(task, device, with_compiled))
        except RuntimeError as error:
            failures.append(f"{task}: {error}")
    stopwatch = kernels(device)
    for entry in entries:
        try:
            times = race(entry.contenders, rounds, stopwatch)
        except RuntimeError as error:
            failures.append(f"{entry.task}: {error}")
        else:
            tables.append(_table(entry, times, rounds, threads, device))
    return tables, failures


def _enter(task: PoolingTask, device: torch.device, with_compiled: bool) -> _Entry:
    """Return a task with all code compiled and values compared."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(task.shape, generator=generator).to(device, task.dtype)
    maps = maps.contiguous(memory_format=task.layout).requires_grad_()
    pools, yardsticks = _contenders(task, device, with_compiled)
    _check_agreement(task, maps, {n: p for n, p in pools.items() if n not in yardsticks})
    kept = {name: _kept_bytes(pool, maps) for name, pool in pools.items()}
    copied = torch.empty_like(maps)
    works = {_COPY: lambda: copied.copy_(maps.detach())} | {
        f"{pass_} {name}": run
        for name, pool in pools.items()
        for pass_, run in _passes(pool, maps).items()
    }
    for run in works.values():
        run()
    return _Entry(
        task=task,
        contenders=[Contender(name=name, run=run, images=1) for name, run in works.items()],
        kept_bytes=kept,
        yardsticks=frozenset(yardsticks),
        kernel=_kernel(task, maps.detach()),
    )


def _table(
    entry: _Entry,
    times: Mapping[str, list[float]],
    rounds: int,
    threads: int,
    device: torch.device,
) -> Table:
    task = entry.task
    return pooling_table(
        PoolingRace(
            task=str(task),
            images=task.shape[0],
            maps_bytes=task.maps_bytes,
            forward_bytes=task.forward_bytes,
            step_bytes=task.step_bytes,
            kernel=entry.kernel,
            copy_s=times[_COPY],
            costs={
                name: PoolingCost(
                    passes=passes_of(times, name),
                    kept_bytes=kept,
                    is_yardstick=name in entry.yardsticks,
                )
                for name, kept in entry.kept_bytes.items()
            },
        ),
        conditions(rounds, threads, device),
    )


def _kernel(task: PoolingTask, maps: Tensor) -> str:
    if task.operator in ("lae", "lse", "softpool"):
        return kernel_for(maps).__name__.rpartition(".")[2]
    fused = peaks_for(maps, with_product=task.operator == "gated")
    return "torch" if fused is None else fused.__name__.split(".")[-2]


def _contenders(
    task: PoolingTask, device: torch.device, with_compiled: bool
) -> tuple[dict[str, Pool], set[str]]:
    """Return the pools, ours first, and the names of those that compute something else."""
    options: dict[str, object] = {}
    if task.operator != "max":
        options["learn"] = "channel" if task.per_channel else "layer"
    if task.window is not None:
        options |= {
            "kernel_size": task.window.kernel_size,
            "stride": task.window.stride,
            "padding": task.window.padding,
        }
    ours = create(task.operator, channels=task.shape[1], grid=task.shape[2:], **options)
    ours = ours.to(device)
    own = next(ours.parameters(), torch.zeros(1))
    parameter = nn.Parameter(own.detach().to(device, task.dtype))
    peers = peers_of(task.operator, parameter, task.window)
    pools: dict[str, Pool] = {_OURS: ours} | {name: pool for name, (pool, _) in peers.items()}
    if with_compiled:
        name = next(iter(peers))
        pools[f"{name}, compiled"] = torch.compile(pools[name], dynamic=False)
    return pools, {name for name, (_, is_same) in peers.items() if not is_same}


def _check_agreement(task: PoolingTask, maps: Tensor, pools: Mapping[str, Pool]) -> None:
    with torch.no_grad():
        values = {
            name: pool(maps).reshape(*maps.shape[:2], -1).float() for name, pool in pools.items()
        }
    largest = values[_OURS].abs().max()
    for name, other in values.items():
        distance = float((other - values[_OURS]).abs().max() / largest)
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


def _kept_bytes(pool: Pool, maps: Tensor) -> int:
    """Return the bytes that a forward pass keeps for the backward pass, without the maps."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    # The output keeps every recorded tensor alive, so no storage is reused.
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        pooled = pool(maps)
    kept.pop(maps.untyped_storage().data_ptr(), None)
    del pooled
    return sum(kept.values())
