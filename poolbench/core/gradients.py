"""Gradients in small windows: what a suite asks for, and what is found."""

from __future__ import annotations

from dataclasses import dataclass

from poolbench.core.named import Named

Matrix = tuple[tuple[float, ...], ...]

# Figure 1 of Lowe, Trappenberg, Oore 2021 swaps 1.4 and 1.6 in the lower row. Its upper row is
# not known; any two numbers below 1.4 show the same.
FIGURE_1: tuple[Matrix, ...] = (((0.2, 1.0), (1.4, 1.6)), ((0.2, 1.0), (1.6, 1.4)))


@dataclass(frozen=True, kw_only=True)
class GradientsSettings:
    """Operators, and the matrices each is evaluated on.

    Args:
        operators: Operators with every option.
        matrices: All of one shape; of several, the first and the last are compared.
    """

    operators: tuple[Named, ...]
    matrices: tuple[Matrix, ...] = FIGURE_1


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


@dataclass(frozen=True, kw_only=True)
class SharedCredit:
    """How one operator shares out credit.

    Args:
        label: The operator, with what sets it apart from others.
        credits: One for each matrix.
        passage: From the first matrix to the last; ``None`` where there is only one.
    """

    label: str
    credits: tuple[Credit, ...]
    passage: Passage | None
