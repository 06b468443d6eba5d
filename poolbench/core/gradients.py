"""Credit in small windows: what a suite asks for."""

from __future__ import annotations

from dataclasses import dataclass

from poolbench.core.cell import Named

Matrix = tuple[tuple[float, ...], ...]

# Figure 1 of Lowe, Trappenberg, Oore 2021 swaps 1.4 and 1.6 in the lower row. What it prints above
# them is lost; any two numbers below 1.4 tell the same story.
FIGURE_1: tuple[Matrix, ...] = (((0.2, 1.0), (1.4, 1.6)), ((0.2, 1.0), (1.6, 1.4)))


@dataclass(frozen=True, kw_only=True)
class GradientsSettings:
    """Operators, and the matrices that each is put to.

    Args:
        operators: With every option spelled out.
        matrices: All of one shape; from the first to the last of several, credit is followed.
    """

    operators: tuple[Named, ...]
    matrices: tuple[Matrix, ...] = FIGURE_1
