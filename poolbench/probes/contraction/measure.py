"""Cosine similarities of pairs of images at several layers of an untrained network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from poolbench.core.contraction import BatchNorm, Similarities

_LONG = 1 << 16


class PoolsSideBySide(nn.Module):
    """Pools with several operators: every operator gets the same maps.

    Args:
        operators: Global operators; the network continues with the result of the first.
    """

    def __init__(self, operators: Iterable[nn.Module] = ()) -> None:
        super().__init__()
        self.operators = nn.ModuleList(operators)
        self.maps = torch.empty(0)
        self.pooled: tuple[Tensor, ...] = ()

    def forward(self, maps: Tensor) -> Tensor:
        """Pool maps ``(N, C, H, W)`` to ``(N, C)``, and keep them and all results."""
        self.maps = maps
        self.pooled = tuple(operator(maps) for operator in self.operators)
        return self.pooled[0]


def measure_similarities(
    network: nn.Module,
    head: PoolsSideBySide,
    pairs: Iterable[tuple[Tensor, Tensor]],
    *,
    batch_norm: BatchNorm,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Similarities:
    """Return the similarity of each pair before the network, before its head, and after the head.

    Args:
        network: From images to logits; it contains ``head``.
        head: Pools its maps.
        pairs: Batches ``(first, second)`` of images, each ``(B, C, H, W)``, as the network receives
            them; the 2 B images of a batch run through it together.
        batch_norm: Whether batch normalisation uses the statistics of each batch, and updates the
            running ones, or uses the running ones.
        on_progress: Called with the number of pairs done, after each batch.

    Returns:
        One value per pair and layer; NaN if an image, its maps or its pooled features are zero and
        have no angle.
    """
    began = time.perf_counter()
    network.eval()
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.train(batch_norm == "batch")
    rows: list[Tensor] = []
    done = 0
    with torch.inference_mode():
        for first, second in pairs:
            network(torch.cat([first, second]))
            behind = [layer.chunk(2) for layer in (head.maps, *head.pooled)]
            rows.append(
                torch.stack([cosine_similarity(x, y) for x, y in [(first, second), *behind]]).cpu()
            )
            done += len(first)
            on_progress(done)
    inputs, features, *pooled = torch.cat(rows, dim=1).tolist()
    return Similarities(
        inputs=tuple(inputs),
        features=tuple(features),
        pooled=tuple(tuple(values) for values in pooled),
        duration_s=time.perf_counter() - began,
    )


def cosine_similarity(first: Tensor, second: Tensor) -> Tensor:
    """Return ``<x, y> / (|x| |y|)`` of each pair.

    Args:
        first: First of each pair, ``(B, ...)``.
        second: Second of each pair, in the same shape.

    Returns:
        float64 ``(B,)`` in [-1, 1]; NaN if one of the two is zero.

    Numerics: Vectors of up to 2^16 values are multiplied in float64, so that 1 - rho of pooled
    features keeps its digits; longer ones in their own precision, whose sums over so many values
    are accurate to 1e-6.
    """
    x, y = _rows(first), _rows(second)
    if x.shape[1] <= _LONG:
        x, y = x.double(), y.double()
    product, norms = torch.linalg.vecdot(x, y), x.norm(dim=1) * y.norm(dim=1)
    return (product.double() / norms.double()).clamp(-1.0, 1.0)


def _rows(maps: Tensor) -> Tensor:
    """Return each image's values as one row, in memory order: a view."""
    if maps.dim() == 4 and maps.is_contiguous(memory_format=torch.channels_last):
        maps = maps.permute(0, 2, 3, 1)
    return maps.flatten(1)
