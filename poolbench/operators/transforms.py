"""Support for torch's function transforms in our own autograd functions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def one_by_one(
    function: type[torch.autograd.Function],
    count: int,
    in_dims: tuple[int | None, ...],
    inputs: tuple[Any, ...],
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
    """Apply a function to each of several models in turn: each gets the same bits as alone.

    Args:
        function: The function whose ``vmap`` this is.
        count: Number of models.
        in_dims: The model dimension of each input; ``None`` for shared inputs.
        inputs: Inputs of the function.

    Returns:
        The stacked outputs and their model dimension.
    """
    outputs = [
        function.apply(
            *(
                value if dim is None else value.select(dim, index)
                for value, dim in zip(inputs, in_dims, strict=True)
            )
        )
        for index in range(count)
    ]
    stacked = tuple(torch.stack(parts) for parts in zip(*outputs, strict=True))
    return stacked, (0,) * len(stacked)
