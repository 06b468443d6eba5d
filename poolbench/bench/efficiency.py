"""The benchmark of efficiency: FLOP/s of a training step against those of convolutions alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from poolbench.bench.ceilings import convolutions, flops_of
from poolbench.bench.race import Contender, conditions, race
from poolbench.bench.stopwatch import fair
from poolbench.bench.training import OneBatch, epoch_of, random_split, training_of
from poolbench.core.benchmarks import WorkEfficiency
from poolbench.core.cell import Precision
from poolbench.report.benchmarks.efficiency import efficiency_table
from poolbench.report.table import Table
from poolbench.training.arithmetic import arithmetic


def bench_efficiency(
    models: Sequence[str],
    *,
    batch_size: int,
    rounds: int,
    threads: int,
    precision: Precision,
    device: torch.device,
) -> Table:
    """Compare whole training steps with their own convolutions and with the fastest of a few.

    The difference between a step and its convolutions alone is due to other layers, the optimiser
    and the loop; the difference between these and the fastest convolution is due to their shapes.

    Args:
        models: Networks of the catalogue.
        batch_size: Images per step and per convolution.
        rounds: Rounds to measure.
        threads: CPU threads.
        precision: Precision of the arithmetic.
        device: Device to measure on.
    """
    torch.set_num_threads(threads)
    steps, alone = {}, {}
    for model in models:
        steps[model], alone[f"{model}, its convolutions alone"] = _step_and_convolutions(
            model, batch_size, precision, device
        )
    fastest = convolutions(batch_size, precision, device)
    step_of = dict(zip(alone, steps, strict=True))
    works = {**steps, **alone, **fastest}
    flops = {name: flops_of(run) for name, run in works.items()}
    times = race(
        [Contender(name=name, run=run, images=1) for name, run in works.items()],
        rounds,
        fair(threads, device),
    )
    rates = {name: [flops[name] / second for second in times[name]] for name in works}
    peak = [max(round_) for round_ in zip(*(rates[name] for name in fastest), strict=True)]
    return efficiency_table(
        {
            name: WorkEfficiency(
                flops=flops[name] / batch_size,
                flops_per_s=rates[name],
                duration_s=times[name],
                step_s=times[step_of[name]] if name in step_of else None,
            )
            for name in works
        },
        conditions(rounds, threads, device),
        peak=peak,
        batch_size=batch_size,
        precision=precision,
    )


def _step_and_convolutions(
    model: str, batch_size: int, precision: Precision, device: torch.device
) -> tuple[Callable[[], None], Callable[[], None]]:
    batches = OneBatch.of(random_split(model, batch_size).to(device), batch_size)
    training = training_of(model, batches, batch_size, precision, device)
    images = next(batches.epoch(0)).images
    return epoch_of(training), _own_convolutions(training.network, images, precision)


def _own_convolutions(
    network: nn.Module, images: Tensor, precision: Precision
) -> Callable[[], None]:
    """Return a pass through each convolution of a network, forward and backward."""
    given: list[tuple[nn.Module, Tensor]] = []
    hooks = [
        module.register_forward_pre_hook(lambda module, inputs: given.append((module, inputs[0])))
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]
    network(images)
    for hook in hooks:
        hook.remove()
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    works = []
    for module, inputs in given:
        convolution = deepcopy(module).to(dtype)
        leaf = inputs.detach().to(dtype).requires_grad_(inputs.requires_grad)
        works.append((convolution, leaf, torch.rand_like(convolution(leaf))))

    def run() -> None:
        with arithmetic(images.device, precision):
            for convolution, leaf, gradient in works:
                torch.autograd.backward(convolution(leaf), gradient)
                for each in (leaf, *convolution.parameters()):
                    each.grad = None

    return run
