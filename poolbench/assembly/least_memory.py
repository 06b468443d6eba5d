"""How much memory one image takes at least in a network, known without memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from poolbench.assembly.network import ANY_NUM_CLASSES, build_body, image_shape
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import Cell


def least_memory_bytes(cell: Cell) -> int:
    """Return the size of the largest map of a layer together with the map that it is made of.

    More is needed: weights, workspaces, and every other image of a batch.

    Args:
        cell: The cell; the shape of its images has to be known.
    """
    channels, height, width = image_shape(cell)
    largest = 0

    def note(_: nn.Module, given: tuple[Any, ...], made: Any) -> None:
        nonlocal largest
        maps = [each for each in (*given, made) if isinstance(each, Tensor)]
        largest = max(largest, sum(each.numel() * each.element_size() for each in maps))

    with without_memory(), torch.no_grad():
        body = build_body(
            cell.model,
            in_channels=channels,
            num_classes=ANY_NUM_CLASSES,
            image_size=(height, width),
        ).eval()
        for module in body.modules():
            if not list(module.children()):
                module.register_forward_hook(note)
        body(torch.empty(1, channels, height, width))
    return largest
