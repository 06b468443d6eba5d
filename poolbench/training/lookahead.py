"""Lookahead: slow weights that follow an optimiser's fast ones at a distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_SLOW = "slow"
_AHEAD = "steps_ahead"


class Lookahead(torch.optim.Optimizer):
    """Let an optimiser run ahead, then take a part of the way it went.

    After every ``steps`` steps of the inner optimiser, ``slow += alpha (fast - slow)`` and
    ``fast = slow``; the inner optimiser keeps its momenta. Slow weights start at the weights that
    the first step found.

    Groups and state are those of the inner optimiser, to which the slow weights and the count of
    steps are added: so learning rates are set, and states saved and loaded, as for any other.

    Args:
        inner: Makes the steps; from now on only to be used through this.
        steps: Steps between two meetings, at least 1.
        alpha: Share of the way that the slow weights go, in (0, 1].

    References:
        Zhang, Lucas, Hinton, Ba 2019, Lookahead optimizer: k steps forward, 1 step back
        (arXiv:1907.08610).
    """

    def __init__(self, inner: torch.optim.Optimizer, *, steps: int, alpha: float) -> None:
        self._inner, self._steps, self._alpha = inner, steps, alpha
        super().__init__(inner.param_groups, {**inner.defaults, _AHEAD: 0})
        self._share()

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy is made of: torch's optimisers would leave out the inner one."""
        own = {"_inner": self._inner, "_steps": self._steps, "_alpha": self._alpha}
        return {**super().__getstate__(), **own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a loaded state, for the inner optimiser too."""
        super().__setstate__(state)
        self._share()

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make a step; every ``steps`` of them, meet the slow weights.

        Args:
            closure: Computes the loss and its gradients anew, once, before the step.

        Returns:
            What the closure returned; ``None`` without one.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        starts = self._starts()
        self._inner.step()
        # Only now: optimisers take a parameter with an empty state for one they have not met.
        for parameter, start in starts.items():
            self.state[parameter][_SLOW] = start
        for group in self.param_groups:
            group[_AHEAD] = (group[_AHEAD] + 1) % self._steps
            if group[_AHEAD] == 0:
                self._meet(group["params"])
        return loss

    def _starts(self) -> dict[Tensor, Tensor]:
        return {
            parameter: parameter.clone()
            for group in self.param_groups
            for parameter in group["params"]
            if parameter.grad is not None and _SLOW not in self.state[parameter]
        }

    def _meet(self, parameters: list[Tensor]) -> None:
        for parameter in parameters:
            if _SLOW in self.state[parameter]:
                slow = self.state[parameter][_SLOW]
                parameter.copy_(slow.lerp_(parameter, self._alpha))

    def _share(self) -> None:
        self._inner.param_groups, self._inner.state = self.param_groups, self.state
