"""What each variant's network costs: parameters, FLOPs, time and memory, interleaved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from poolbench.assembly.network import build_network, image_shape
from poolbench.bench.network import MEAN, STD
from poolbench.bench.race import Contender, race, surroundings
from poolbench.bench.stopwatch import wall_of
from poolbench.bench.timing import CONFIDENCE, pass_cells, pass_columns
from poolbench.core.cell import Cell
from poolbench.core.study import Study
from poolbench.data import DATASETS
from poolbench.models.network import Network, count_parameters
from poolbench.report.number_format import count
from poolbench.report.table import Column, Table, TableCell, text_cell

FORWARD, STEP = "forward", "forward and backward"
_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class NetworkCost:
    """What one network costs, whatever the clock says.

    Args:
        parameters: Trainable.
        flops: Of one image's forward pass: multiplications and additions of its convolutions and
            matrix products, the only ones that are counted.
        kept_bytes: What a forward pass of one image keeps for the backward pass, parameters aside.
    """

    parameters: int
    flops: int
    kept_bytes: int


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
    # The output keeps every noted tensor alive, so no storage is given out twice.
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
        study: Whose variants; its data are not opened.
        batch_size: Images a turn.
        rounds: Turns of each, at least 7.
        threads: CPU threads.
        device: Where.

    Returns:
        A table for each data set.
    """
    torch.set_num_threads(threads)
    tables = []
    for dataset in study.datasets:
        cells = {v: cells[0] for name, v, cells in study.conditions() if name == dataset}
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
    return Table(
        title=f"{study.title} · {dataset} · cost of a network, {threads} threads, {device}",
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="parameters", fields=("parameters",)),
            Column(title="MFLOPs an image", fields=("flops",)),
            Column(title="kept for backward, MiB an image", fields=("kept_bytes",)),
            *pass_columns(FORWARD, reference),
            *pass_columns(STEP, reference),
        ),
        rows=tuple(
            (
                text_cell(variant),
                TableCell(values=(cost.parameters,), text=count(cost.parameters)),
                TableCell(values=(cost.flops,), text=f"{cost.flops / 1e6:,.2f}"),
                TableCell(values=(cost.kept_bytes,), text=f"{cost.kept_bytes / _MIB:,.3f}"),
                *pass_cells(times, FORWARD, variant, reference),
                *pass_cells(times, STEP, variant, reference),
            )
            for variant, cost in costs.items()
        ),
        notes=(
            f"batches of {batch_size} random images of {'x'.join(map(str, shape))}, {rounds} "
            "rounds, order drawn anew each round: median [least, largest] ms an image",
            f"beside it: median of the time over {reference}'s of the same round, with the "
            f"{CONFIDENCE:.0%} interval of the median; within noise where that holds 1. Each "
            f"interval stands alone: of {len(costs) - 1} some may miss by chance",
            "FLOPs: of convolutions and matrix products alone, as torch counts them; backward "
            "takes about twice as many again",
            surroundings(device),
        ),
    )


def _network(cell: Cell, device: torch.device) -> Network:
    channels, height, width = image_shape(cell)
    network = build_network(
        cell.model,
        in_channels=channels,
        num_classes=DATASETS[cell.data.source.name].num_classes or 10,
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
