"""A process of the benchmark of many seeds: trains one seed for each line of its standard input.

Run as ``python -m poolbench.bench.seeds_worker`` with a job as JSON; it answers with one line per
seed, the SHA-256 of the trained weights.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from poolbench.bench.network import fresh_network
from poolbench.bench.training import augmented, epoch_of, random_split, training_of
from poolbench.bench.user_loop import user_loader, user_loop
from poolbench.core.cell import Precision
from poolbench.runtime.process import configured
from poolbench.training.captured import GraphRecorder
from poolbench.training.loop import Training


@dataclass(frozen=True, kw_only=True)
class SeedsJob:
    """What a process trains, and how.

    Args:
        model: A network of the catalogue.
        batch_size: Images per step.
        steps: Steps per seed.
        precision: Precision of our steps; the user's loop is always fp32.
        threads: CPU threads.
        by_user: Whether to use the loop that a user would write.
        device: Device name for torch.
        captured: Whether to capture the step; later seeds then reuse the memory of the first.
    """

    model: str
    batch_size: int
    steps: int
    precision: Precision
    threads: int
    by_user: bool
    device: str
    captured: bool = False


class SeedTrainer:
    """Trains one seed after another, like a worker the cells of a variant, or as a user would.

    Args:
        job: What to train, and how.
    """

    def __init__(self, job: SeedsJob) -> None:
        self._job, self._device = job, torch.device(job.device)
        split = random_split(job.model, job.batch_size * job.steps)
        self._split = split if job.by_user else split.to(self._device)
        self._recorder = GraphRecorder(self._device) if job.captured else None
        self._before: Training | None = None

    def train(self, seed: int) -> nn.Module:
        """Return the trained network of a seed."""
        run, network = self._of_a_user(seed) if self._job.by_user else self._ours(seed)
        run()
        return network

    def _of_a_user(self, seed: int) -> tuple[Callable[[], None], nn.Module]:
        torch.manual_seed(seed)
        loader = user_loader(self._split, self._job.batch_size)
        return user_loop(self._job.model, loader, self._device, seed)

    def _ours(self, seed: int) -> tuple[Callable[[], None], nn.Module]:
        job, device = self._job, self._device
        batches = augmented(self._split, job.batch_size, seed)
        training = self._before
        if training is None:
            training = training_of(
                job.model, batches, job.batch_size, job.precision, device, seed, self._recorder
            )
        else:
            fresh = fresh_network(job.model, device, seed)
            training.restart(fresh.state_dict(), batches, seed=seed)
        if self._recorder is not None:
            self._before = training
        return epoch_of(training), training.network


def digest(network: nn.Module) -> str:
    """Return the SHA-256 of a network's state."""
    summed = hashlib.sha256()
    for value in network.state_dict().values():
        summed.update(value.detach().cpu().contiguous().numpy().tobytes())
    return summed.hexdigest()


def serve(job: SeedsJob) -> None:
    """Train a seed for each line of standard input, until it ends."""
    trainer = SeedTrainer(job)
    for line in sys.stdin:
        sys.stdout.write(f"{digest(trainer.train(int(line)))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    job = SeedsJob(**json.loads(sys.argv[1]))
    torch.set_num_threads(job.threads)
    if job.by_user:
        serve(job)
    else:
        with configured(job.device, job.threads):
            serve(job)
