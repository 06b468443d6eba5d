"""How an operator shares out credit: its value and derivatives on small matrices."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from poolbench.core.gradients import Matrix

_STEPS = 256
# Where twice as many steps do not shrink the largest change, no number of steps will.
_SHRINKS = 0.75


@dataclass(frozen=True, kw_only=True)
class Credit:
    """What an operator makes of a matrix.

    Args:
        value: The pooled value.
        derivatives: Of the value, by each element.
    """

    value: float
    derivatives: Matrix

    @property
    def sparsity(self) -> float:
        """Share of the elements whose derivative is exactly 0: they learn nothing."""
        flat = [derivative for row in self.derivatives for derivative in row]
        return sum(derivative == 0 for derivative in flat) / len(flat)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """How credit moves while one matrix turns into another along the straight line.

    Args:
        largest_step: Largest change of a derivative in one of the steps.
        is_continuous: Whether smaller steps make smaller changes.
    """

    largest_step: float
    is_continuous: bool


def credit_of(operator: nn.Module, matrix: Matrix) -> Credit:
    """Return an operator's value and derivatives ``dy/dz_i`` on a matrix, in float64.

    Args:
        operator: ``(1, 1, H, W)`` to a single value.
        matrix: H rows of W numbers.
    """
    values, derivatives = _credits(operator, torch.tensor([[matrix]], dtype=torch.float64))
    rows = derivatives[0, 0].tolist()
    return Credit(value=float(values[0]), derivatives=tuple(tuple(row) for row in rows))


def passage_of(operator: nn.Module, start: Matrix, end: Matrix) -> Passage:
    """Return how credit moves between two matrices of the same shape.

    Args:
        operator: ``(N, 1, H, W)`` to N values.
        start: Where the line begins.
        end: Where it ends.
    """
    coarse, fine = (_largest_step(operator, start, end, steps) for steps in (_STEPS, 2 * _STEPS))
    return Passage(largest_step=fine, is_continuous=fine <= _SHRINKS * coarse or fine == 0)


def _largest_step(operator: nn.Module, start: Matrix, end: Matrix, steps: int) -> float:
    first, last = (torch.tensor([matrix], dtype=torch.float64) for matrix in (start, end))
    along = torch.linspace(0, 1, steps + 1, dtype=torch.float64).view(-1, 1, 1, 1)
    _, derivatives = _credits(operator, torch.lerp(first, last, along))
    return float(derivatives.diff(dim=0).abs().max())


def _credits(operator: nn.Module, maps: Tensor) -> tuple[Tensor, Tensor]:
    leaf = maps.clone().requires_grad_()
    values = operator.double()(leaf).flatten()
    (derivatives,) = torch.autograd.grad(values.sum(), leaf)
    return values.detach(), derivatives
