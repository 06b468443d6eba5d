"""Linear systems in fractions: results without rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

Matrix = Sequence[Sequence[Fraction]]


def solve(matrix: Matrix, values: Sequence[Fraction]) -> tuple[Fraction, ...] | None:
    """Return x with ``matrix x = values``, by fraction-free elimination.

    Args:
        matrix: A square matrix.
        values: One value per row.

    Returns:
        The solution, or ``None`` if the matrix is singular.
    """
    rows = [_to_integers([*row, value]) for row, value in zip(matrix, values, strict=True)]
    size, pivot, previous = len(rows), 1, 1
    for column in range(size):
        chosen = next((i for i in range(column, size) if rows[i][column]), None)
        if chosen is None:
            return None
        rows[column], rows[chosen] = rows[chosen], rows[column]
        lead = rows[column]
        pivot = lead[column]
        for i in range(size):
            if i != column:
                factor = rows[i][column]
                # Bareiss: the division is exact, and the result is a minor of the matrix.
                rows[i] = [
                    (pivot * a - factor * b) // previous for a, b in zip(rows[i], lead, strict=True)
                ]
        previous = pivot
    return tuple(Fraction(row[-1], pivot) for row in rows)


def _to_integers(row: Sequence[Fraction]) -> list[int]:
    scale = math.lcm(*(entry.denominator for entry in row))
    return [entry.numerator * (scale // entry.denominator) for entry in row]
