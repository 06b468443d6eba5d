"""The floating-point operations of a study."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from poolbench.assembly.network import ANY_NUM_CLASSES, build_body, image_shape
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import Cell, DataSpec, ModelSpec
from poolbench.core.study import Study
from poolbench.data import DATASETS
from poolbench.data.found_images import official_counts

_BACKWARD = 2.0
"""A backward pass has two products for each of the forward pass: for inputs and for weights."""


class FlopCounts:
    """Operation counts of studies; every network is counted once.

    Only multiplications and additions of convolutions and matrix products count; a backward
    pass counts as two forward passes.
    """

    def __init__(self) -> None:
        self._forward: dict[str, int] = {}

    def of(self, study: Study) -> float | None:
        """Return the operations of training and evaluating every cell, all seeds together.

        Args:
            study: The study; its data may be missing.

        Returns:
            The operations; ``None`` if the number of images is not known without the files.
        """
        total = 0.0
        for _, _, cells in study.conditions():
            images = _images(cells[0].data)
            if images is None:
                return None
            total += len(cells) * self._of_cell(cells[0], *images)
        return total

    def _of_cell(self, cell: Cell, train: int, test: int) -> float:
        held_out = round(train * cell.data.validation)
        epochs = cell.recipe.epochs
        passes = epochs * ((1 + _BACKWARD) * (train - held_out) + held_out) + test
        key = f"{_shapes(cell.model)} {image_shape(cell)} {_classes(cell)}"
        if key not in self._forward:
            self._forward[key] = _count_forward(cell)
        return passes * self._forward[key]


def _classes(cell: Cell) -> int:
    source = cell.data.source
    # Unknown, it only changes the last product.
    return DATASETS[source.name].classes_of(source.options) or ANY_NUM_CLASSES


def _images(data: DataSpec) -> tuple[int, int] | None:
    counts = official_counts(data.source)
    if counts is None or data.limit is None:
        return counts
    return min(counts[0], data.limit), min(counts[1], data.limit)


def _shapes(spec: ModelSpec) -> str:
    """Return what determines a network's shapes; a float, such as a temperature, does not."""
    pools = [
        (site, pool.name, [(k, v) for k, v in pool.options.items() if not isinstance(v, float)])
        for site, pool in spec.pools.items()
    ]
    return f"{spec.network} {pools}"


def _count_forward(cell: Cell) -> int:
    """Return the operations of one image's forward pass, on the meta device."""
    channels, height, width = image_shape(cell)
    counter = FlopCounterMode(display=False)
    with without_memory(), torch.no_grad():
        body = build_body(
            cell.model,
            in_channels=channels,
            num_classes=_classes(cell),
            image_size=(height, width),
        ).eval()
        with counter:
            body(torch.empty(2, channels, height, width))
    return counter.get_total_flops() // 2
