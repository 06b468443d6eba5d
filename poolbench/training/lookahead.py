"""Lookahead: slow weights that follow an optimiser's fast ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_SLOW = "slow"
_AHEAD = "steps_ahead"


class Lookahead(torch.optim.Optimizer):
    """Let an optimiser run ahead, then move the slow weights part of the way.

    After every ``steps`` steps of the inner optimiser, ``slow += alpha (fast - slow)`` and
    ``fast = slow``; the inner optimiser keeps its momenta. Slow weights start at the weights
    before the first step.

    Groups and state are those of the inner optimiser, plus the slow weights and the step count: so
    learning rates are set, and states saved and loaded, as for any other optimiser.

    Args:
        inner: The fast optimiser; use it only through this one.
        steps: Steps between updates of the slow weights, at least 1.
        alpha: Step of the slow weights towards the fast ones, in (0, 1].

    References:
        Zhang, Lucas, Hinton, Ba 2019, Lookahead optimizer: k steps forward, 1 step back
        (arXiv:1907.08610).
    """

    def __init__(self, inner: torch.optim.Optimizer, *, steps: int, alpha: float) -> None:
        self._inner, self._steps, self._alpha = inner, steps, alpha
        super().__init__(inner.param_groups, {**inner.defaults, _AHEAD: 0})
        self._share()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state of a copy; torch's optimisers would leave out the inner one."""
        own = {"_inner": self._inner, "_steps": self._steps, "_alpha": self._alpha}
        return {**super().__getstate__(), **own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set a loaded state, for the inner optimiser too."""
        super().__setstate__(state)
        self._share()

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make a step; every ``steps`` steps, update the slow weights.

        Args:
            closure: Recomputes the loss and its gradients once, before the step.

        Returns:
            What the closure returned; ``None`` without one.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        starts = self._starts()
        self._inner.step()
        # Only now: optimisers treat a parameter with an empty state as new.
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
