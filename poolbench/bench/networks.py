"""The cost of each variant's network: parameters, FLOPs, time and memory, interleaved."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from poolbench.assembly.network import ANY_NUM_CLASSES, build_network, image_shape
from poolbench.bench.network import MEAN, STD
from poolbench.bench.passes import FORWARD, STEP, passes_of
from poolbench.bench.race import Contender, conditions, race
from poolbench.bench.stopwatch import wall_of
from poolbench.core.cell import Cell
from poolbench.core.costs import NetworkCost, NetworkRace
from poolbench.core.study import Study
from poolbench.data import DATASETS
from poolbench.models.network import Network, count_parameters
from poolbench.report.benchmarks.networks import networks_table
from poolbench.report.table import Table


def cost_of(network: Network, images: Tensor) -> NetworkCost:
    """Return a network's cost on images ``(B, C, H, W)``, per image."""
    kept: dict[int, int] = {}
    own = {p.untyped_storage().data_ptr() for p in (*network.parameters(), *network.buffers())}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    network.train()
    # The output keeps every recorded tensor alive, so no storage is reused.
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = network(images)
    network.eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        network(images)
    return NetworkCost(
        parameters=count_parameters(network),
        flops=counter.get_total_flops() // len(images),
        kept_bytes=sum(kept.values()) // len(output),
    )


def bench_networks(
    study: Study, *, batch_size: int, rounds: int, threads: int, device: torch.device
) -> list[Table]:
    """Compare the networks of a study's variants, freshly initialised, on random images.

    Args:
        study: The study with the variants; its data are not opened.
        batch_size: Images per batch.
        rounds: Rounds to measure, at least 7.
        threads: CPU threads.
        device: Device to measure on.

    Returns:
        A table for each data set.
    """
    torch.set_num_threads(threads)
    tables = []
    for dataset in study.datasets:
        cells = {variant: cells[0] for variant, cells in study.cells_on(dataset).items()}
        tables.append(_bench(study, dataset, cells, batch_size, rounds, threads, device))
    return tables


def _bench(
    study: Study,
    dataset: str,
    cells: Mapping[str, Cell],
    batch_size: int,
    rounds: int,
    threads: int,
    device: torch.device,
) -> Table:
    shape = image_shape(next(iter(cells.values())))
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(batch_size, *shape, generator=generator).to(device)
    images = images.contiguous(memory_format=torch.channels_last)
    networks = {variant: _network(cell, device) for variant, cell in cells.items()}
    costs = {variant: cost_of(network, images) for variant, network in networks.items()}
    contenders = [
        Contender(name=f"{pass_} {variant}", run=run, images=batch_size)
        for variant, network in networks.items()
        for pass_, run in _passes(network, images).items()
    ]
    times = race(contenders, rounds, wall_of(device))
    reference = study.baseline if study.baseline in cells else next(iter(cells))
    return networks_table(
        NetworkRace(
            title=f"{study.title} · {dataset}",
            batch_size=batch_size,
            image_shape=shape,
            reference=reference,
            costs=costs,
            passes={variant: passes_of(times, variant) for variant in costs},
        ),
        conditions(rounds, threads, device),
    )


def _network(cell: Cell, device: torch.device) -> Network:
    channels, height, width = image_shape(cell)
    source = cell.data.source
    network = build_network(
        cell.model,
        in_channels=channels,
        num_classes=DATASETS[source.name].classes_of(source.options) or ANY_NUM_CLASSES,
        image_size=(height, width),
        mean=MEAN[:channels],
        std=STD[:channels],
        seed=cell.seed,
    )
    return network.to(device).to(memory_format=torch.channels_last)


def _passes(network: nn.Module, images: Tensor) -> dict[str, Callable[[], None]]:
    labels = torch.zeros(len(images), dtype=torch.long, device=images.device)

    def forward() -> None:
        network.eval()
        with torch.no_grad():
            network(images)

    def step() -> None:
        network.train()
        network.zero_grad(set_to_none=True)
        torch.autograd.backward(F.cross_entropy(network(images), labels))

    return {FORWARD: forward, STEP: step}
