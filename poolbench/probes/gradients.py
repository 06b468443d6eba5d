"""An operator's value and derivatives on small matrices."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from poolbench.core.gradients import Credit, Matrix, Passage, SharedCredit
from poolbench.core.named import Named
from poolbench.operators import OPERATORS
from poolbench.operators.create import build

_STEPS = 256
# If twice as many steps do not shrink the largest change, no number of steps will.
_SHRINKS = 0.75


def share_credit(named: Named, matrices: Sequence[Matrix], label: str) -> SharedCredit:
    """Return an operator's credit on matrices, and how it moves from the first to the last.

    Args:
        named: The operator, with every option spelled out.
        matrices: All of one shape; at least one.
        label: The operator in words.

    Raises:
        BadInput: The operator cannot be built so.
    """
    operator = _build(named, matrices[0])
    passage = passage_of(operator, matrices[0], matrices[-1]) if len(matrices) > 1 else None
    return SharedCredit(
        label=label,
        credits=tuple(credit_of(operator, matrix) for matrix in matrices),
        passage=passage,
    )


def credit_of(operator: nn.Module, matrix: Matrix) -> Credit:
    """Return an operator's value and derivatives ``dy/dz_i`` on a matrix, in float64.

    Args:
        operator: From ``(1, 1, H, W)`` to a single value.
        matrix: H rows of W numbers.
    """
    values, derivatives = _credits(operator, torch.tensor([[matrix]], dtype=torch.float64))
    rows = derivatives[0, 0].tolist()
    return Credit(value=float(values[0]), derivatives=tuple(tuple(row) for row in rows))


def passage_of(operator: nn.Module, start: Matrix, end: Matrix) -> Passage:
    """Return how derivatives change between two matrices of the same shape.

    Args:
        operator: From ``(N, 1, H, W)`` to N values.
        start: Start of the line.
        end: End of the line.
    """
    coarse, fine = (_largest_step(operator, start, end, steps) for steps in (_STEPS, 2 * _STEPS))
    return Passage(largest_step=fine, is_continuous=fine <= _SHRINKS * coarse or fine == 0)


def _build(named: Named, matrix: Matrix) -> nn.Module:
    shape = (len(matrix), len(matrix[0]))
    kernel_size = None if "global" in OPERATORS[named.name].scopes else shape
    # A gate or a convolution starts at random weights: always the same ones.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return build(named.name, channels=1, grid=shape, kernel_size=kernel_size, **named.options)


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
