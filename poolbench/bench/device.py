"""The benchmark of a device: the most it can do, as a reference for all other numbers."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import get_args

import torch

from poolbench.bench.ceilings import Work, convolutions, copy, flops_of, matrix_product
from poolbench.bench.race import Contender, conditions, race
from poolbench.bench.stopwatch import kernels
from poolbench.core.benchmarks import DeviceRates
from poolbench.core.cell import Precision
from poolbench.core.errors import PoolbenchError
from poolbench.report.benchmarks.device import device_table
from poolbench.report.table import Table
from poolbench.training.arithmetic import check_tf32

_COPY = "copy_"


def bench_device(
    *,
    copy_mib: int,
    matrix_side: int,
    batch_size: int,
    rounds: int,
    threads: int,
    device: torch.device,
) -> Table:
    """Measure the bandwidth of a copy, and the rates of matrix products and convolutions.

    Args:
        copy_mib: Size of the copy, in MiB: far more than the caches hold.
        matrix_side: Rows and columns of the matrices.
        batch_size: Images per convolution.
        rounds: Rounds to measure.
        threads: CPU threads.
        device: Device to measure.
    """
    torch.set_num_threads(threads)
    products: dict[str, Work] = {}
    for precision in _precisions(device):
        name = f"matrix product {matrix_side} x {matrix_side}, {precision}"
        products[name] = matrix_product(matrix_side, precision, device)
        for shape, run in convolutions(batch_size, precision, device).items():
            products[f"{shape}, {precision}"] = run
    flops = {name: flops_of(run) for name, run in products.items()}
    works = {_COPY: copy(copy_mib * 2**20, device)} | products
    times = race(
        [Contender(name=name, run=run, images=1) for name, run in works.items()],
        rounds,
        kernels(device),
    )
    copied_bytes = 2 * copy_mib * 2**20
    return device_table(
        DeviceRates(
            copy_mib=copy_mib,
            bytes_per_s=_rates(copied_bytes, times[_COPY]),
            batch_size=batch_size,
            flops_per_s={
                name: _rates(flops[name], times[name])
                for name in _fastest_convolutions(times, flops)
            },
        ),
        conditions(rounds, threads, device),
    )


def _precisions(device: torch.device) -> Sequence[Precision]:
    try:
        check_tf32(device)
    except PoolbenchError:
        return tuple(precision for precision in get_args(Precision) if precision != "tf32")
    return get_args(Precision)


def _fastest_convolutions(
    times: Mapping[str, Sequence[float]], flops: Mapping[str, int]
) -> list[str]:
    """Return the names of all products, and of the fastest convolution in each precision."""
    fastest: dict[tuple[str, str], str] = {}
    for name in flops:
        kind = name.split()[0], name.rpartition(" ")[2]
        rate = flops[name] / statistics.median(times[name])
        best = fastest.get(kind)
        if best is None or rate > flops[best] / statistics.median(times[best]):
            fastest[kind] = name
    return list(fastest.values())


def _rates(amount: int, seconds: Sequence[float]) -> list[float]:
    return [amount / second for second in seconds]
