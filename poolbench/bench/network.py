"""The untrained network of a benchmark."""

from __future__ import annotations

import torch

from poolbench.assembly.network import build_network, model_spec
from poolbench.models import MODELS
from poolbench.models.network import Network

MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)


def image_shape(model: str) -> tuple[int, int, int]:
    """Return (C, H, W) of the images for a network of the catalogue."""
    return MODELS[model].input_shape or (3, 32, 32)


def fresh_network(model: str, device: torch.device, seed: int = 0) -> Network:
    """Return a network of the catalogue with 10 classes, in NCHW order on the device.

    Args:
        model: Name of the network.
        device: Device of the network.
        seed: Seed of its initial state.
    """
    channels, height, width = image_shape(model)
    network = build_network(
        model_spec(model, {}, {}),
        in_channels=channels,
        num_classes=10,
        image_size=(height, width),
        mean=MEAN[:channels],
        std=STD[:channels],
        seed=seed,
    )
    return network.to(device)
