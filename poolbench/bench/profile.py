"""The time of a training epoch by part."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function

from poolbench.bench.race import surroundings
from poolbench.bench.stopwatch import wall
from poolbench.bench.training import augmented, epoch_of, random_split, training_of
from poolbench.bench.turns import wait_for_turn
from poolbench.core.batch import Batch
from poolbench.core.benchmarks import EpochProfile
from poolbench.core.cell import Precision
from poolbench.core.counted import counted
from poolbench.data.batches import Batches
from poolbench.operators.base import PoolingOperator
from poolbench.report.benchmarks.profile import profile_table
from poolbench.report.table import Table

_DATA, _FORWARD, _OPTIMISER = "data", "forward", "optimiser"
_NODE = "autograd::engine::evaluate_function: "
_CPU = torch.device("cpu")


def bench_profile(
    model: str, *, batch_size: int, steps: int, threads: int, precision: Precision
) -> Table:
    """Return the shares of a training epoch: data, layers, gradients, optimiser, the rest.

    The epoch is that of the training loop itself, under torch's profiler, after an epoch for
    warm-up and one that is timed alone.

    Args:
        model: A network of the catalogue.
        batch_size: Images per step.
        steps: Steps in the epoch.
        threads: CPU threads.
        precision: Precision of the arithmetic.
    """
    torch.set_num_threads(threads)
    # The profiler's library writes to standard error, for example about missing GPUs.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    batches = _Labelled(augmented(random_split(model, batch_size * steps), batch_size))
    training = training_of(model, batches, batch_size, precision, _CPU)
    run = epoch_of(training)
    wait_for_turn()
    run()
    alone_s = wall(run)
    _label(training.network)
    training.optimizer.step = _labelled(training.optimizer.step)  # type: ignore[method-assign]
    # There is one cycle; torch 2.11 still warns that events of earlier ones are not kept.
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as profiler:
        total_s = wall(run)
    ranges = {event.key: event.cpu_time_total * 1e-6 for event in profiler.key_averages()}
    return profile_table(
        EpochProfile(
            training=f"{model}, batch {batch_size}, {precision}, "
            f"{counted(threads, 'thread')}, {_CPU}",
            steps=steps,
            alone_s=alone_s,
            total_s=total_s,
            parts_s=_parts(ranges, total_s),
        ),
        surroundings(_CPU),
    )


class _Labelled:
    """Batches whose computation is a separate range in the profile."""

    def __init__(self, batches: Batches) -> None:
        self._batches, self.steps = batches, batches.steps

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        batches = self._batches.epoch(epoch, start)
        while True:
            with record_function(_DATA):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch


def _labelled(step: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with record_function(_OPTIMISER):
            step()

    return run


def _label(network: nn.Module) -> None:
    """Make ranges of the network's forward pass and of each of its layers."""
    _hook(network, _FORWARD)
    todo = list(network.children())
    while todo:
        module = todo.pop()
        inner = list(module.children())
        if inner and not isinstance(module, PoolingOperator):
            todo += inner
        else:
            _hook(module, f"{_FORWARD}: {type(module).__name__}")


def _hook(module: nn.Module, label: str) -> None:
    ranges: list[ExitStack] = []  # a stack, as a layer may be used within itself

    def begin(*_: object) -> None:
        ranges.append(ExitStack())
        ranges[-1].enter_context(record_function(label))

    def end(*_: object) -> None:
        ranges.pop().close()

    module.register_forward_pre_hook(begin)
    module.register_forward_hook(end)


def _parts(ranges: Mapping[str, float], total_s: float) -> dict[str, float]:
    """Return seconds by part, in the order of a step, with the longest layers first."""
    layers = {label: s for label, s in ranges.items() if label.startswith(f"{_FORWARD}: ")}
    gradients: defaultdict[str, float] = defaultdict(float)
    for label, seconds in ranges.items():
        if label.startswith(_NODE):
            node = label.removeprefix(_NODE).removeprefix("torch::autograd::")
            gradients[f"backward: {node.rstrip('0123456789').removesuffix('Backward')}"] += seconds
    parts = {
        _DATA: ranges[_DATA],
        **_longest_first(layers),
        "forward: between layers": ranges[_FORWARD] - sum(layers.values()),
        **_longest_first(gradients),
        _OPTIMISER: ranges[_OPTIMISER],
    }
    return {**parts, "rest": total_s - sum(parts.values())}


def _longest_first(parts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(parts.items(), key=lambda part: -part[1]))
