"""A network and digits to put probes to."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from poolbench.data.batches import evaluation_batches
from poolbench.data.digits import read_digits
from poolbench.data.splits import Split
from poolbench.models.network import Network
from poolbench.probes.api import ProbeInput

MEAN, STD = (0.3,), (0.4,)


class Global(nn.Module):
    """Pool the whole map."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


def digits(count: int = 120) -> Split:
    """Return the first test digits, 8x8 pixels."""
    arrays = read_digits()
    return Split(
        images=torch.from_numpy(arrays.test_images[:count]),
        labels=torch.from_numpy(arrays.test_labels[:count]),
    )


def small_network(*tail: nn.Module) -> Network:
    """Return a network with batch norm and dropout, trained for a moment, in train mode.

    Args:
        tail: Layers behind the second convolution, whose maps of digits are 16x4x4; by default
            global pooling and a classifier.
    """
    arrays = read_digits()
    images = torch.from_numpy(arrays.train_images[:600]).permute(0, 3, 1, 2).float() / 255
    labels = torch.from_numpy(arrays.train_labels[:600])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 16, 2, stride=2),
            nn.ReLU(),
            nn.Dropout(0.2),
            *(tail or (Global(), nn.Linear(16, 10))),
        )
        network = Network(body, mean=MEAN, std=STD)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.2, momentum=0.9)
        for _ in range(6):
            for chosen in torch.randperm(len(labels)).split(50):
                loss = nn.functional.cross_entropy(network(images[chosen]), labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return network


def a_subject(network: nn.Module, split: Split | None = None, **changes: Any) -> ProbeInput:
    """Return a network to be tried on digits."""
    split = digits() if split is None else split
    settings: dict[str, Any] = {
        "network": network,
        "batches": partial(evaluation_batches, split),
        "count": len(split),
        "image_size": tuple(split.images.shape[1:3]),
        "mean": MEAN,
        "std": STD,
        "device": torch.device("cpu"),
        **changes,
    }
    return ProbeInput(**settings)
