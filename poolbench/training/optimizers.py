"""Optimisers: each takes parameter groups and its options, and returns a torch optimiser."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import nn

from poolbench.core.cell import Recipe
from poolbench.training import OPTIMIZERS


def sgd(
    groups: list[dict[str, Any]],
    *,
    lr: float,
    momentum: float,
    weight_decay: float,
    nesterov: bool,
) -> torch.optim.Optimizer:
    """Return torch's SGD; the fused kernel gives the same bits as the others, fastest."""
    return torch.optim.SGD(
        groups, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov, fused=True
    )


def build_optimizer(
    network: nn.Module, recipe: Recipe, pooling: Collection[str]
) -> torch.optim.Optimizer:
    """Return the recipe's optimiser over a network's parameters.

    Every group carries ``peak_lr``, the rate that the schedule's factor multiplies.

    Args:
        network: What is trained.
        recipe: Names the optimiser and its options.
        pooling: Names of the pooling operators' own parameters: they take no weight decay, and
            ``recipe.pool_lr_factor`` times the learning rate.
    """
    options = dict(recipe.optimizer.options)
    named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [{"params": [p for name, p in named if name not in pooling]}]
    own = [p for name, p in named if name in pooling]
    if own:
        rate = options["lr"] * recipe.pool_lr_factor
        groups.append({"params": own, "lr": rate, "weight_decay": 0.0})
    optimizer: torch.optim.Optimizer = OPTIMIZERS.resolve(recipe.optimizer.name)(groups, **options)
    for group in optimizer.param_groups:
        group["peak_lr"] = group["lr"]
    return optimizer
