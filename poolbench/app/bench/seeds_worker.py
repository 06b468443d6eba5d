"""A process of the benchmark of many seeds: trains one seed for each line of its standard input.

Run as ``python -m poolbench.app.bench.seeds_worker`` with a job as JSON; answers a line with the
SHA-256 of the trained weights.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from poolbench.app.bench.training import augmented, epoch_of, random_split, training_of
from poolbench.app.bench.user_loop import user_loader, user_loop
from poolbench.app.process import configured
from poolbench.data.splits import Split

_CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class SeedsJob:
    """What a process trains, and how.

    Args:
        model: A network of the catalogue.
        batch_size: Images a step.
        steps: Of one seed.
        precision: ``fp32`` or ``bf16``; the user's loop knows fp32 alone.
        threads: CPU threads.
        by_user: Whether by the loop a user would write.
    """

    model: str
    batch_size: int
    steps: int
    precision: str
    threads: int
    by_user: bool


def _trained(job: SeedsJob, split: Split, seed: int) -> nn.Module:
    run: Callable[[], None]
    if job.by_user:
        torch.manual_seed(seed)
        loader = user_loader(split, job.batch_size)
        run, network = user_loop(job.model, loader, _CPU, seed)
    else:
        batches = augmented(split, job.batch_size, seed)
        training = training_of(job.model, batches, job.batch_size, job.precision, _CPU, seed)
        run, network = epoch_of(training, _CPU), training.network
    run()
    return network


def _digest(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for value in network.state_dict().values():
        digest.update(value.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


def serve(job: SeedsJob) -> None:
    """Train a seed for each line of standard input, until it ends."""
    split = random_split(job.model, job.batch_size * job.steps)
    for line in sys.stdin:
        sys.stdout.write(f"{_digest(_trained(job, split, int(line)))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asked = SeedsJob(**json.loads(sys.argv[1]))
    torch.set_num_threads(asked.threads)
    if asked.by_user:
        serve(asked)
    else:
        with configured("cpu", asked.threads):
            serve(asked)
