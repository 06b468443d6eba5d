"""Stochastic gradient descent with torch's fused kernel, without torch's optimiser class.

The steps are bit-identical to ``torch.optim.SGD(..., fused=True)``. Constructing that class imports
torch's compiler, which takes as long as importing torch itself, in every worker.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class SGD:
    """Gradient descent with momentum.

    With g the gradient plus ``weight_decay`` times the weight: ``v <- momentum v + g`` (at the
    first step ``v = g``), then ``x <- x - lr v``; with Nesterov ``x <- x - lr (g + momentum v)``.

    Args:
        groups: Mappings with ``params`` and settings that differ from the defaults below.
        lr: Learning rate, at least 0.
        momentum: Momentum, in [0, 1).
        weight_decay: L2 penalty, at least 0; as such it enters the momentum.
        nesterov: Whether to use Nesterov's momentum.

    References:
        Sutskever, Martens, Dahl, Hinton 2013, On the importance of initialization and momentum.
    """

    def __init__(
        self,
        groups: list[dict[str, Any]],
        *,
        lr: float,
        momentum: float,
        weight_decay: float,
        nesterov: bool,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
        }
        self.param_groups: list[dict[str, Any]] = [
            {**defaults, **group, "params": list(group["params"])} for group in groups
        ]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Clear the gradients."""
        for parameter in self._parameters():
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Make a step with the current gradients; parameters without one are unchanged."""
        for group in self.param_groups:
            moved = [parameter for parameter in group["params"] if parameter.grad is not None]
            # Torch's kernel has one flag per call for whether this is the parameters' first step.
            fresh = [parameter for parameter in moved if parameter not in self.state]
            known = [parameter for parameter in moved if parameter in self.state]
            for parameters, is_first in ((fresh, True), (known, False)):
                if parameters:
                    self._step(parameters, group, is_first=is_first)

    def _step(self, parameters: list[Tensor], group: dict[str, Any], *, is_first: bool) -> None:
        momenta: list[Tensor] = []
        if group["momentum"] != 0:
            if is_first:
                for parameter in parameters:
                    self.state[parameter] = {"momentum_buffer": torch.empty_like(parameter)}
            momenta = [self.state[parameter]["momentum_buffer"] for parameter in parameters]
        torch._fused_sgd_(
            parameters,
            [parameter.grad for parameter in parameters if parameter.grad is not None],
            momenta,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=0.0,
            nesterov=group["nesterov"],
            maximize=False,
            is_first_step=is_first,
            grad_scale=None,
            found_inf=None,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return settings and momenta, with parameters numbered as in torch's optimisers."""
        numbers = {parameter: number for number, parameter in enumerate(self._parameters())}
        return {
            "state": {numbers[parameter]: dict(state) for parameter, state in self.state.items()},
            "param_groups": [
                {**group, "params": [numbers[parameter] for parameter in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load what :meth:`state_dict` returned.

        Raises:
            ValueError: It belongs to other parameters.
        """
        sizes = [len(group["params"]) for group in self.param_groups]
        if sizes != [len(group["params"]) for group in state["param_groups"]]:
            raise ValueError("the optimiser's state belongs to other parameter groups")
        parameters = self._parameters()
        self.state = {
            parameters[number]: {
                name: value.to(parameters[number].device, copy=True)
                for name, value in kept.items()
                if value is not None
            }
            for number, kept in state["state"].items()
        }
        for group, kept in zip(self.param_groups, state["param_groups"], strict=True):
            group.update({name: value for name, value in kept.items() if name != "params"})

    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]
