"""Optimisers: each takes parameter groups and its options."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from poolbench.core.cell import Recipe
from poolbench.core.parts import Parts
from poolbench.training import CAPTURABLE, OPTIMIZERS
from poolbench.training.lookahead import Lookahead


class Optimizer(Protocol):
    """What the training loop needs of an optimiser; torch's own satisfy it."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Parameters and the settings they share; see :func:`set_rates` for ``lr``."""
        ...

    @property
    def state(self) -> MutableMapping[Any, Any]:
        """What is kept between steps: by parameter, then by name."""
        ...

    def zero_grad(self) -> None:
        """Clear the gradients."""
        ...

    def step(self) -> Any:
        """Make a step with the current gradients."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        ...

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Load what ``state_dict`` returned."""
        ...


def adamw(
    groups: list[dict[str, Any]],
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """Return torch's AdamW with decay only for weights of two or more axes, not norms or biases.

    References:
        Loshchilov, Hutter 2019, Decoupled weight decay regularization (arXiv:1711.05101).
    """
    return torch.optim.AdamW(
        _sparing_scales(groups),
        lr=lr,
        betas=(beta1, beta2),
        eps=eps,
        weight_decay=weight_decay,
        fused=True,
    )


def ranger(
    groups: list[dict[str, Any]],
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    lookahead_steps: int,
    lookahead_alpha: float,
) -> torch.optim.Optimizer:
    """Return rectified Adam with decoupled weight decay, inside a Lookahead.

    With g the gradient of step t, m and v its running moments, r the learning rate::

        x <- x - r weight_decay x
        m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
        rho_inf = 2 / (1 - beta2) - 1,  rho = rho_inf - 2 t beta2^t / (1 - beta2^t)
        x <- x - r m / (1 - beta1^t) [c sqrt(1 - beta2^t) / (sqrt(v) + eps)]

    where the bracket is 1 while rho <= 5, and c^2 = ((rho - 4) (rho - 2) rho_inf) /
    ((rho_inf - 4) (rho_inf - 2) rho) after. Only weights of two or more axes decay.

    References:
        Liu et al. 2020, On the variance of the adaptive learning rate and beyond
        (arXiv:1908.03265); Zhang, Lucas, Hinton, Ba 2019 (arXiv:1907.08610).
    """
    inner = torch.optim.RAdam(
        _sparing_scales(groups),
        lr=lr,
        betas=(beta1, beta2),
        eps=eps,
        weight_decay=weight_decay,
        decoupled_weight_decay=True,
    )
    return Lookahead(inner, steps=lookahead_steps, alpha=lookahead_alpha)


def build_optimizer(network: nn.Module, recipe: Recipe, parts: Parts) -> Optimizer:
    """Return the recipe's optimiser over the parameters of a network that take a gradient.

    Every group has ``peak_lr``, the rate that the schedule's factor multiplies. If the step can be
    captured, ``lr`` on a GPU is a tensor, because a graph would keep a number unchanged. That holds
    for eager steps too, since the kernels read a tensor in float32.

    Args:
        network: The network to train; at least one of its parameters takes a gradient.
        recipe: Names the optimiser and its options, and the factors on its rate by part.
        parts: The network's parts; pooling gets no weight decay.
    """
    options = dict(recipe.optimizer.options)
    groups = list(_groups(network, recipe, parts))
    optimizer: Optimizer = OPTIMIZERS.resolve(recipe.optimizer.name)(groups, **options)
    device = groups[0]["params"][0].device
    for group in optimizer.param_groups:
        group["peak_lr"] = group["lr"]
        if device.type == "cuda" and recipe.optimizer.name in CAPTURABLE:
            group["lr"] = torch.tensor(group["lr"], dtype=torch.float32, device=device)
            if "capturable" in group:  # torch's own optimisers have to be told
                group["capturable"] = True
    return optimizer


def _groups(network: nn.Module, recipe: Recipe, parts: Parts) -> Iterator[dict[str, Any]]:
    """Yield parameters by rate, pooling last: parts of the same rate share a group."""
    lr = recipe.optimizer.options["lr"]
    by_factor: dict[float, list[Tensor]] = {}
    pooling = []
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if name in parts.pooling:
            pooling.append(parameter)
            continue
        is_head = name in parts.head
        factor = recipe.head_lr_factor if is_head else recipe.backbone_lr_factor
        by_factor.setdefault(factor, []).append(parameter)
    for factor, parameters in by_factor.items():
        yield {"params": parameters, "lr": lr * factor}
    if pooling:
        yield {"params": pooling, "lr": lr * recipe.pool_lr_factor, "weight_decay": 0.0}


def set_rates(optimizer: Optimizer, factor: float) -> None:
    """Set every group's rate to the factor times its peak."""
    for group in optimizer.param_groups:
        rate = group["peak_lr"] * factor
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def state_of(optimizer: Optimizer) -> dict[str, Any]:
    """Return everything needed to continue, on any device."""
    state = optimizer.state_dict()
    groups = [{**group, "lr": float(group["lr"])} for group in state["param_groups"]]
    return {**state, "param_groups": groups}


def load_state(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Load what :func:`state_of` returned, except the rates, which :func:`set_rates` sets.

    Raises:
        ValueError: It belongs to other parameters.
    """
    own: list[dict[str, Any]] = [
        {name: group[name] for name in ("lr", "capturable") if name in group}
        for group in optimizer.param_groups
    ]
    optimizer.load_state_dict(state)
    for group, of_the_device in zip(optimizer.param_groups, own, strict=True):
        group.update(of_the_device)
    _lay_out(optimizer)


def forget_steps(optimizer: Optimizer) -> None:
    """Set the state to zeros in place, the initial state of optimisers that are ``CAPTURABLE``."""
    for kept in optimizer.state.values():
        for value in kept.values():
            value.zero_()


def _sparing_scales(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Split off the parameters of at most one axis (norms, biases, slopes), without decay."""
    split = []
    for group in groups:
        weights = [parameter for parameter in group["params"] if parameter.ndim > 1]
        scales = [parameter for parameter in group["params"] if parameter.ndim <= 1]
        split.append({**group, "params": weights})
        split.append({**group, "params": scales, "weight_decay": 0.0})
    return [group for group in split if group["params"]]


def _lay_out(optimizer: Optimizer) -> None:
    """Restore the memory layout of momenta to that of their parameters.

    Fused kernels read both in memory order, so a contiguous momentum of a channels-last weight
    would silently be applied to the wrong elements. Step counts are left alone: they may be on
    another device than a parameter.
    """
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.ndim > 1 and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
